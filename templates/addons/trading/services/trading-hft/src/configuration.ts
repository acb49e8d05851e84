import { address, integer, oneOf, optionalText, text, withDefault } from '@stack/runtime/configuration';
import { decimal } from '@stack/trading/decimal';
import type { RiskLimits } from '@stack/trading/risk';
import { strategies } from '@stack/trading/strategies';
import { areSymbols } from '@stack/trading/symbol';
import * as z from 'zod/mini';

export const MODES = ['paper', 'testnet', 'live'] as const;
export type Mode = (typeof MODES)[number];

const names = strategies.map(({ name }) => name) as [string, ...string[]];

/** An amount of money, as a decimal number. */
function amount() {
  return text().check(z.regex(/^\d+(\.\d+)?$/, { error: 'expected an amount, as a decimal number' }));
}

/** A share as a decimal number: 0.01 is one per cent. */
function share() {
  return text().check(
    z.regex(/^0(\.\d+)?$/, { error: 'expected a share from 0 to below 1, as a decimal number' }),
  );
}

export const CONFIGURATION = {
  DATABASE_URL: address(['postgres', 'postgresql']),
  REDIS_URL: address(['redis', 'rediss']),
  /** Asked for in `x-control-key` by whoever wants to change something. */
  TRADING_CONTROL_KEY: text(),
  TRADING_MODE: withDefault(oneOf(MODES), 'paper'),
  /** The second switch of live trading: it stands in service.yaml, so the environment alone cannot turn it on. */
  TRADING_LIVE_ALLOWED: withDefault(oneOf(['no', 'yes']), 'no'),
  /** The simulated exchange; without it Binance. */
  EXCHANGE_URL: z.optional(address(['http', 'https'])),
  SIMULATOR_KEY: optionalText(),
  SIMULATOR_SECRET: optionalText(),
  EXCHANGE_API_KEY: optionalText(),
  EXCHANGE_API_SECRET: optionalText(),
  SYMBOLS: withDefault(
    text().check(z.refine(areSymbols, { error: 'expected symbols as BTCUSDT,ETHUSDT' })),
    'BTCUSDT,ETHUSDT',
  ),
  CANDLES: withDefault(oneOf(['1s', '1m', '5m']), '1s'),
  STRATEGY: withDefault(oneOf(names), 'ema-cross'),
  /** How long the core is waited for. */
  SIGNAL_DEADLINE_MS: withDefault(integer({ min: 10, max: 60_000 }), '2000'),
  /** What of an order is not filled by then is cancelled, and ordered again at the price of then, so many times. */
  ORDER_TTL_MS: withDefault(integer({ min: 50, max: 600_000 }), '3000'),
  ORDER_REPLACEMENTS: withDefault(integer({ min: 0, max: 10 }), '1'),
  /** How much worse than the best price an order may be filled. */
  ORDER_SLIPPAGE: withDefault(share(), '0.0005'),
  ORDER_NOTIONAL: withDefault(amount(), '100'),
  RISK_ORDER_NOTIONAL: withDefault(amount(), '500'),
  RISK_SYMBOL_NOTIONAL: withDefault(amount(), '20000'),
  RISK_TOTAL_NOTIONAL: withDefault(amount(), '50000'),
  /** No default in live mode: whoever trades with money says what may be lost. */
  RISK_DAILY_LOSS: z.optional(amount()),
  RISK_PRICE_BAND: withDefault(share(), '0.01'),
  RISK_ORDERS_10S: withDefault(integer({ min: 1, max: 1_000 }), '10'),
  RISK_ORDERS_DAY: withDefault(integer({ min: 1, max: 1_000_000 }), '5000'),
  RISK_OPEN_ORDERS: withDefault(integer({ min: 1, max: 100 }), '1'),
  RISK_STALE_MS: withDefault(integer({ min: 100, max: 600_000 }), '3000'),
  RECONCILE_MS: withDefault(integer({ min: 100, max: 3_600_000 }), '5000'),
  EQUITY_MS: withDefault(integer({ min: 100, max: 3_600_000 }), '10000'),
};

export type Configuration = z.infer<z.ZodMiniObject<typeof CONFIGURATION>>;

const PAPER_DAILY_LOSS = '1000';

/** What no single variable can tell. @returns mistakes, one a line */
export function contradictions(given: Configuration): string[] {
  const mistakes: string[] = [];
  const { TRADING_MODE: mode } = given;
  if (mode === 'live' && given.TRADING_LIVE_ALLOWED !== 'yes')
    mistakes.push(
      'TRADING_MODE is live, but TRADING_LIVE_ALLOWED is not yes: both are needed (service.yaml has the second)',
    );
  if (mode === 'live' && given.EXCHANGE_URL !== undefined)
    mistakes.push('TRADING_MODE is live, but EXCHANGE_URL names a simulated exchange');
  if (mode === 'testnet' && given.EXCHANGE_URL !== undefined)
    mistakes.push('TRADING_MODE is testnet, but EXCHANGE_URL names a simulated exchange');
  if (mode === 'live' && given.RISK_DAILY_LOSS === undefined)
    mistakes.push('TRADING_MODE is live: RISK_DAILY_LOSS has to be set');
  if (mode !== 'paper' && (given.EXCHANGE_API_KEY === undefined || given.EXCHANGE_API_SECRET === undefined))
    mistakes.push(`TRADING_MODE is ${mode}: EXCHANGE_API_KEY and EXCHANGE_API_SECRET have to be set`);
  return mistakes;
}

/** The account at the exchange that is used; empty for market data alone. */
export function credentialsOf(given: Configuration): { key: string; secret: string } {
  const simulated = given.EXCHANGE_URL !== undefined;
  return {
    key: (simulated ? given.SIMULATOR_KEY : given.EXCHANGE_API_KEY) ?? '',
    secret: (simulated ? given.SIMULATOR_SECRET : given.EXCHANGE_API_SECRET) ?? '',
  };
}

/** In the quote asset. */
export function dailyLossOf({ RISK_DAILY_LOSS }: Configuration): string {
  return RISK_DAILY_LOSS ?? PAPER_DAILY_LOSS;
}

/** The limits of the service, and those of the exchange where they are lower. */
export function limitsOf(
  given: Configuration,
  exchange: { ordersIn10Seconds: number; ordersInADay: number },
): RiskLimits {
  return {
    orderNotional: decimal(given.RISK_ORDER_NOTIONAL),
    symbolNotional: decimal(given.RISK_SYMBOL_NOTIONAL),
    totalNotional: decimal(given.RISK_TOTAL_NOTIONAL),
    dailyLoss: decimal(dailyLossOf(given)),
    ordersIn10Seconds: Math.min(given.RISK_ORDERS_10S, exchange.ordersIn10Seconds),
    ordersInADay: Math.min(given.RISK_ORDERS_DAY, exchange.ordersInADay),
    priceBand: decimal(given.RISK_PRICE_BAND),
    openOrders: given.RISK_OPEN_ORDERS,
    staleMs: given.RISK_STALE_MS,
  };
}
