import { access, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Backtest, equityChart, readCandles, reportPage, runBacktest } from '@stack/trading/backtest';
import { decimal, plain } from '@stack/trading/decimal';
import type { Filters } from '@stack/trading/filters';
import { strategyNamed } from '@stack/trading/strategies';
import { CliError } from './client.ts';

export interface BacktestCommand {
  data: string;
  strategy: string;
  symbol: string;
  /** Milliseconds. */
  interval: number;
  capital: string;
  order: string;
  fee: string;
  slippage: string;
  out?: string;
}

const NAME_WIDTH = 17;
/** Nobody is asked: a backtest needs no exchange. */
const QUOTES = ['USDT', 'USDC', 'FDUSD', 'BTC', 'ETH', 'EUR'];

/** @throws {CliError} {CsvError} */
export async function backtest(options: BacktestCommand): Promise<{ document: object; text: string }> {
  const strategy = strategyNamed(options.strategy);
  if (strategy === undefined) throw new CliError(`there is no strategy ${options.strategy}`);
  await access(options.data).catch(() => {
    throw new CliError(`there is no file ${options.data} in ${process.cwd()}`);
  });
  const result = await runBacktest(readCandles(options.data, options.interval), {
    strategy,
    filters: filtersFor(options.symbol),
    limits: limitsFor(options),
    capital: decimal(options.capital),
    orderNotional: decimal(options.order),
    fee: decimal(options.fee),
    slippage: decimal(options.slippage),
  });
  if (result.candles === 0) throw new CliError(`${options.data} has no candles`);
  const rows = figures(result);
  const title = `Backtest: ${options.strategy} on ${options.symbol}`;
  if (options.out !== undefined) await write(options.out, title, Number(options.capital), rows, result);
  const { equity, trades, realised, unrealised, ...rest } = result;
  return {
    document: {
      ...rest,
      realised: plain(realised),
      unrealised: plain(unrealised),
      trades: trades.map(tradeDocument),
      equity,
    },
    text: [
      title,
      ...rows.map(([name, value]) => `  ${name.padEnd(NAME_WIDTH)}${value}`),
      ...(options.out === undefined ? [] : ['', `written: ${resolve(options.out)}`]),
    ].join('\n'),
  };
}

async function write(
  out: string,
  title: string,
  capital: number,
  rows: readonly (readonly [string, string])[],
  result: Backtest,
): Promise<void> {
  const kind = /\.(html|svg)$/.exec(out)?.[1];
  if (kind === undefined) throw new CliError(`--out ${out}: expected a name that ends with .html or .svg`);
  const page =
    kind === 'svg' ? equityChart(result.equity, capital) : reportPage(result, { title, capital, rows });
  await writeFile(out, page).catch((error: Error) => {
    throw new CliError(`${out} cannot be written: ${error.message}`);
  });
}

function figures({
  statistics,
  candles,
  candidates,
  held,
  refused,
  realised,
  unrealised,
}: Backtest): [string, string][] {
  const share = (value: number | null) => (value === null ? '–' : `${(value * 100).toFixed(2)} %`);
  const ratio = (value: number | null) => (value === null ? '–' : value.toFixed(2));
  const refusals = Object.entries(refused).map(([check, count]) => `${count} × ${check}`);
  return [
    ['return', share(statistics.return)],
    ['Sharpe ratio', ratio(statistics.sharpe)],
    ['Sortino ratio', ratio(statistics.sortino)],
    ['max drawdown', share(statistics.maxDrawdown)],
    ['win rate', share(statistics.winRate)],
    ['turnover', `${statistics.turnover.toFixed(2)} × the capital`],
    ['fees', statistics.fees.toFixed(2)],
    ['realised', realised.toFixed(2)],
    ['unrealised', unrealised.toFixed(2)],
    ['candles', String(candles)],
    ['candidates', `${candidates}, of which the analysis left ${held}`],
    ['refused by risk', refusals.length === 0 ? 'none' : refusals.join(', ')],
    ['trades', String(statistics.trades)],
  ];
}

function tradeDocument({ time, price, quantity, fee, realised, ...trade }: Backtest['trades'][number]) {
  return {
    ...trade,
    time: new Date(time).toISOString(),
    price: plain(price),
    quantity: plain(quantity),
    fee: plain(fee),
    realised: plain(realised),
  };
}

/** Filters as Binance has them for most symbols. */
function filtersFor(symbol: string): Filters {
  const quoteAsset = QUOTES.find((quote) => symbol.endsWith(quote) && symbol !== quote) ?? 'USDT';
  return {
    symbol,
    baseAsset: symbol.slice(0, -quoteAsset.length),
    quoteAsset,
    // Prices of the past are fine as they are.
    tickSize: decimal('0'),
    minPrice: decimal('0'),
    maxPrice: decimal('0'),
    stepSize: decimal('0.00001'),
    minQuantity: decimal('0.00001'),
    maxQuantity: decimal('0'),
    minNotional: decimal('5'),
  };
}

/** The limits that the service has in this stack. */
function limitsFor({ order }: BacktestCommand) {
  const { env } = process;
  const amount = (name: string, fallback: string) => decimal(env[name] || fallback);
  const least = decimal(order);
  const atLeast = (name: string, fallback: string) => {
    const limit = amount(name, fallback);
    return limit.lt(least) ? least.times('1.1') : limit;
  };
  return {
    orderNotional: atLeast('RISK_ORDER_NOTIONAL', '500'),
    symbolNotional: atLeast('RISK_SYMBOL_NOTIONAL', '20000'),
    totalNotional: atLeast('RISK_TOTAL_NOTIONAL', '50000'),
    dailyLoss: amount('RISK_DAILY_LOSS', '1000'),
    ordersIn10Seconds: Number(env.RISK_ORDERS_10S || '10'),
    ordersInADay: Number(env.RISK_ORDERS_DAY || '5000'),
    priceBand: amount('RISK_PRICE_BAND', '0.01'),
    openOrders: 1,
    staleMs: 1_000,
  };
}
