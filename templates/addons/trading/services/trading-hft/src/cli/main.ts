import { CsvError } from '@stack/trading/backtest';
import { strategies } from '@stack/trading/strategies';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { backtest } from './backtest.ts';
import { askService, CliError } from './client.ts';
import {
  type KillDocument,
  killTable,
  type OrdersDocument,
  ordersTable,
  type PnlDocument,
  positionsTable,
  type StatusDocument,
  statusText,
} from './tables.ts';

// `qbtc trade`: what it asks, it asks the service; a backtest runs here.

/** As those of qbtc. */
const EXIT = { done: 0, error: 1, partly: 3, usage: 64 } as const;

/** An amount of money or a share, kept as it was written: money is no floating-point number. */
function amount(text: string): string {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError('expected a decimal number, not negative.');
  return text;
}

function strategyName(text: string): string {
  const names = strategies.map(({ name }) => name);
  if (!names.includes(text)) throw new InvalidArgumentError(`expected one of ${names.join(', ')}.`);
  return text;
}

function interval(text: string): number {
  const match = /^(\d+)(s|m|h)$/.exec(text);
  const unit = { s: 1_000, m: 60_000, h: 3_600_000 }[match?.[2] ?? ''];
  if (match === null || unit === undefined)
    throw new InvalidArgumentError('expected a time such as 1s, 5m, 1h.');
  return Number(match[1]) * unit;
}

const print = (text: string) => process.stdout.write(`${text}\n`);
const json = (value: unknown) => print(JSON.stringify(value, null, 2));

const program = new Command('qbtc trade')
  .description('what the trading service holds and does')
  .exitOverride()
  .showSuggestionAfterError();

program
  .command('status')
  .description('whether it trades, and what it knows of the market')
  .option('--json', 'print one JSON document')
  .action(async ({ json: asJson }) => {
    const status = await askService<StatusDocument>('GET', '/api/trading/status');
    if (asJson) json(status);
    else print(statusText(status));
  });

program
  .command('positions')
  .description('what is held, and the profit')
  .option('--json', 'print one JSON document')
  .action(async ({ json: asJson }) => {
    const pnl = await askService<PnlDocument>('GET', '/api/trading/pnl');
    if (asJson) json(pnl);
    else print(positionsTable(pnl));
  });

program
  .command('orders')
  .description('the last orders')
  .option('--symbol <symbol>', 'of this symbol only')
  .option('--status <status>', 'with this status only: open, filled, cancelled, rejected, unknown, …')
  .option('--limit <count>', 'at most so many', '20')
  .option('--json', 'print one JSON document')
  .action(async ({ json: asJson, ...filter }: Record<string, string>) => {
    const query = new URLSearchParams(filter).toString();
    const answer = await askService<OrdersDocument>('GET', `/api/trading/orders?${query}`);
    if (asJson) json(answer);
    else print(ordersTable(answer));
  });

program
  .command('kill')
  .description('no new orders from now on, and the open ones are cancelled; it holds over restarts')
  .option('--reason <text>', 'why, for whoever looks later', 'by hand')
  .option('--json', 'print one JSON document')
  .action(async ({ reason, json: asJson }) => {
    const answer = await askService<KillDocument>('POST', '/api/trading/kill', { reason });
    if (asJson) json(answer);
    else print(killTable(answer));
    if (!answer.kill_switch.persisted) process.exitCode = EXIT.partly;
  });

program
  .command('resume')
  .description('trade again after a kill')
  .option('--reason <text>', 'why, for whoever looks later', 'by hand')
  .option('--json', 'print one JSON document')
  .action(async ({ reason, json: asJson }) => {
    const answer = await askService<KillDocument>('POST', '/api/trading/resume', { reason });
    if (asJson) json(answer);
    else print(killTable(answer));
    if (!answer.kill_switch.persisted) process.exitCode = EXIT.partly;
  });

program
  .command('backtest')
  .description(
    "run a strategy over the past, with the core's analysis, the risk checks and the filters of the service",
  )
  .requiredOption('--data <file>', "candles or trades, a CSV file in Binance's public format")
  .option(
    '--strategy <name>',
    'one of those that there are',
    strategyName,
    process.env.STRATEGY || 'ema-cross',
  )
  .option('--symbol <symbol>', 'what the file is of', 'BTCUSDT')
  .option('--interval <time>', 'the candles that trades become', interval, 60_000)
  .option('--capital <amount>', 'what there is at the start', amount, '10000')
  .option('--order <amount>', 'what one order is worth', amount, process.env.ORDER_NOTIONAL || '100')
  .option('--fee <share>', "the exchange's share of each fill", amount, '0.001')
  .option('--slippage <share>', 'how much worse than the next opening price a fill is', amount, '0.0005')
  .option('--out <file>', 'write a page with the equity curve (.html), or the curve alone (.svg)')
  .option('--json', 'print one JSON document')
  .action(async (options) => {
    const { document, text } = await backtest(options);
    if (options.json) json(document);
    else print(text);
  });

program.parseAsync().catch((error: unknown) => {
  process.exitCode = explain(error);
});

function explain(error: unknown): number {
  // commander has said it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof CliError ? error.hint : undefined;
  if (process.argv.includes('--json')) json({ error: { message, ...(hint === undefined ? {} : { hint }) } });
  else process.stderr.write(`✖ ${message}\n${hint === undefined ? '' : `  → ${hint}\n`}`);
  const isKnown = error instanceof CliError || error instanceof CsvError;
  if (!isKnown && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return EXIT.error;
}
