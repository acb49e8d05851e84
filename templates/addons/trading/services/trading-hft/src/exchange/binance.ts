import type { Log } from '@stack/runtime/logging';
import type { DepthSnapshot, Row } from '@stack/trading/book-sync';
import { plain } from '@stack/trading/decimal';
import { type ExchangeSymbol, filtersOf } from '@stack/trading/filters';
import { MainClient } from 'binance';
import {
  candleOfRow,
  fillOfTrade,
  placedOf,
  type RawFill,
  type RawOrder,
  type RawTrade,
  reportOf,
} from './binance-answers.ts';
import { asError, ExchangeRefusal, outcomeOf, type Refusal } from './binance-refusals.ts';
import { watchAccount, watchMarket } from './binance-streams.ts';
import { type Exchange, RECEIVE_WINDOW_MS } from './exchange.ts';
import { createRateGuard } from './rate-guard.ts';

export interface BinanceOptions {
  /** Where the simulated exchange is; Binance itself, or its testnet, when left out. */
  simulator: string | undefined;
  testnet: boolean;
  key: string;
  secret: string;
  symbols: readonly string[];
  /** Of candles: `1s`, `1m`. */
  interval: string;
  log: Log;
}

const SNAPSHOT_LEVELS = 1_000;
const CANDLES_AT_ONCE = 1_000;
const TIMEOUT_MS = 4_000;
const CLOCK_EVERY_MS = 60_000;
const OUTSIDE_WINDOW = -1021;
const NO_SUCH_ORDER = -2013;

/** Binance's spot market, or whatever speaks its protocol. */
export function openBinance(options: BinanceOptions): Exchange {
  const { simulator, testnet, key, secret, interval, log } = options;
  const client = new MainClient(
    {
      ...(key === '' ? {} : { api_key: key, api_secret: secret }),
      ...(simulator === undefined ? {} : { baseUrl: simulator }),
      testnet: simulator === undefined && testnet,
      recvWindow: RECEIVE_WINDOW_MS,
      keepAlive: true,
      disableTimeSync: true,
    },
    { timeout: TIMEOUT_MS },
  );
  const guard = createRateGuard();
  const name = simulator !== undefined ? 'simulated exchange' : testnet ? 'Binance testnet' : 'Binance';
  let clock = { offset: 0, at: Number.NEGATIVE_INFINITY };
  const closing: (() => Promise<void>)[] = [];
  const now = () => Date.now() + clock.offset;

  /** Every request goes through here: limits respected ahead of time, and noted afterwards. */
  const ask = async <Answer>(weight: number, request: () => Promise<Answer>): Promise<Answer> => {
    guard.admit(weight);
    try {
      return await request();
    } catch (error) {
      guard.refused(error as Refusal);
      if ((error as Refusal).code === OUTSIDE_WINDOW)
        await setClock().catch((failure: unknown) =>
          log.warn('could not set the clock', { error: asError(failure) }),
        );
      throw asError(error);
    } finally {
      guard.note(client.getRateLimitStates());
    }
  };

  /** Ahead of the exchange by half of the way there and back at most. */
  const setClock = async () => {
    const began = Date.now();
    const { serverTime } = (await client.get('api/v3/time')) as { serverTime: number };
    clock = { offset: Math.round(serverTime - (began + Date.now()) / 2), at: performance.now() };
    client.setTimeOffset(clock.offset);
    if (Math.abs(clock.offset) > 1_000)
      log.warn('the clock of the exchange is another', { offset_ms: clock.offset });
  };
  const signed = async <Answer>(weight: number, request: () => Promise<Answer>): Promise<Answer> => {
    if (performance.now() - clock.at > CLOCK_EVERY_MS) await ask(1, setClock);
    return ask(weight, request);
  };

  return {
    name,
    now,
    barred: () => guard.barred(),

    async rules() {
      await ask(1, setClock);
      const symbols = options.symbols.map((each) => JSON.stringify(each)).join(',');
      const info = (await ask(20, () => client.get('api/v3/exchangeInfo', { symbols: `[${symbols}]` }))) as {
        simulation?: string;
        symbols: ExchangeSymbol[];
        rateLimits: { rateLimitType: string; interval: string; limit: number }[];
      };
      const isOurs = ({ symbol }: ExchangeSymbol) => options.symbols.includes(symbol);
      const missing = options.symbols.filter(
        (symbol) => !info.symbols.some((known) => known.symbol === symbol),
      );
      if (missing.length > 0) throw new Error(`${name} does not trade ${missing.join(', ')}`);
      const quotes = new Set(info.symbols.filter(isOurs).map(({ quoteAsset }) => quoteAsset));
      if (quotes.size > 1)
        throw new Error(
          `${[...quotes].join(' and ')}: profit is counted in one asset, so all symbols must be quoted in it`,
        );
      const orders = (unit: string) =>
        info.rateLimits.find(({ rateLimitType, interval }) => rateLimitType === 'ORDERS' && interval === unit)
          ?.limit;
      const weight = info.rateLimits.find(({ rateLimitType }) => rateLimitType === 'REQUEST_WEIGHT')?.limit;
      if (weight !== undefined) guard.limit(weight);
      return {
        venue:
          info.simulation === undefined ? (testnet ? 'testnet' : 'live') : `simulation:${info.simulation}`,
        filters: new Map(info.symbols.filter(isOurs).map((each) => [each.symbol, filtersOf(each)])),
        ordersIn10Seconds: orders('SECOND') ?? Number.POSITIVE_INFINITY,
        ordersInADay: orders('DAY') ?? Number.POSITIVE_INFINITY,
      };
    },

    async depth(symbol): Promise<DepthSnapshot> {
      const book = await ask(50, () => client.getOrderBook({ symbol, limit: SNAPSHOT_LEVELS }));
      return { lastUpdateId: book.lastUpdateId, bids: book.bids as Row[], asks: book.asks as Row[] };
    },

    async candles(symbol, from) {
      const rows = (await ask(2, () =>
        client.get('api/v3/klines', {
          symbol,
          interval,
          limit: CANDLES_AT_ONCE,
          ...(from === undefined ? {} : { startTime: from }),
        }),
      )) as [number, string, string, string, string, string, number][];
      const time = now();
      return rows.map(candleOfRow).filter(({ closeTime }) => closeTime < time);
    },

    watchMarket(listener) {
      closing.push(watchMarket(options, listener));
    },
    watchAccount(listener) {
      closing.push(watchAccount(options, now, listener));
    },

    async place({ symbol, side, price, quantity, clientOrderId }) {
      const parameters = {
        symbol,
        side: side.toUpperCase(),
        type: 'LIMIT',
        timeInForce: 'GTC',
        price: plain(price),
        quantity: plain(quantity),
        newClientOrderId: clientOrderId,
        newOrderRespType: 'FULL',
      };
      try {
        // Not `submitNewOrder`: it complains of ids that are not its own, and ours are derived from the signal.
        const answer = await signed(1, () => client.postPrivate('api/v3/order', parameters));
        return placedOf(answer as RawOrder & { fills: RawFill[] }, side);
      } catch (error) {
        throw outcomeOf(error);
      }
    },

    async cancel(symbol, clientOrderId) {
      try {
        return reportOf(
          (await signed(1, () =>
            client.deletePrivate('api/v3/order', { symbol, origClientOrderId: clientOrderId }),
          )) as RawOrder,
          clientOrderId,
        );
      } catch (error) {
        throw outcomeOf(error);
      }
    },

    async order(symbol, clientOrderId) {
      try {
        const raw = await signed(4, () =>
          client.getPrivate('api/v3/order', { symbol, origClientOrderId: clientOrderId }),
        );
        return reportOf(raw as RawOrder);
      } catch (error) {
        if (error instanceof ExchangeRefusal && error.code === NO_SUCH_ORDER) return undefined;
        throw error;
      }
    },

    async fills(symbol, exchangeOrderId) {
      const trades = (await signed(5, () =>
        client.getPrivate('api/v3/myTrades', { symbol, orderId: exchangeOrderId, limit: 1_000 }),
      )) as RawTrade[];
      return trades.map(fillOfTrade);
    },

    async close() {
      await Promise.all(closing.map((close) => close()));
    },
  };
}
