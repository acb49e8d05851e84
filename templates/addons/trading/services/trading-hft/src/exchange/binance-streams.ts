import type { Log } from '@stack/runtime/logging';
import { decimal, ZERO } from '@stack/trading/decimal';
import { type DefaultLogger, WebsocketAPIClient, WebsocketClient } from 'binance';
import type { BinanceOptions } from './binance.ts';
import { statusOf } from './binance-answers.ts';
import type { AccountListener, MarketListener, OrderReport } from './exchange.ts';

const RECONNECT_MS = 250;
const PING_MS = 10_000;
const PONG_MS = 5_000;
const RESUBSCRIBE_MS = 1_000;

/** The library's own words, as debug lines of ours: what matters is said by the listeners. */
function quiet(log: Log): DefaultLogger {
  const say = (...words: unknown[]) =>
    log.debug('the Binance client says', { words: words.map(String).join(' ').slice(0, 500) });
  return { trace: () => {}, info: say, error: say } as unknown as DefaultLogger;
}

function socketOptions({ simulator, testnet, key, secret }: BinanceOptions) {
  return {
    ...(key === '' ? {} : { api_key: key, api_secret: secret }),
    ...(simulator === undefined ? {} : { wsUrl: simulator.replace(/^http/, 'ws') }),
    testnet: simulator === undefined && testnet,
    beautify: false,
    reconnectTimeout: RECONNECT_MS,
    pingInterval: PING_MS,
    pongTimeout: PONG_MS,
  };
}

/** Trades, best prices, depth and candles of all symbols, on one connection. @returns what closes it */
export function watchMarket(options: BinanceOptions, listener: MarketListener): () => Promise<void> {
  const { symbols, interval, log } = options;
  const socket = new WebsocketClient(socketOptions(options), quiet(log));
  socket.on('message', (message) => dispatch(message as unknown as MarketMessage, listener));
  socket.on('open', () => listener.onConnected());
  socket.on('reconnected', () => listener.onConnected());
  socket.on('reconnecting', () => listener.onLost('the connection was lost'));
  socket.on('close', () => listener.onLost('the connection was closed'));
  socket.on('exception', (error) => log.debug('the market streams have an error', { error: String(error) }));
  const topics = symbols.flatMap((symbol) => {
    const name = symbol.toLowerCase();
    return [`${name}@trade`, `${name}@bookTicker`, `${name}@depth@100ms`, `${name}@kline_${interval}`];
  });
  socket.subscribe(topics, 'main').catch((error: unknown) => listener.onLost(String(error)));
  return async () => {
    socket.removeAllListeners();
    socket.on('exception', () => {});
    socket.closeAll(true);
  };
}

type MarketMessage =
  | { e: 'trade'; s: string; p: string; q: string; T: number }
  | { e: 'depthUpdate'; s: string; U: number; u: number; b: [string, string][]; a: [string, string][] }
  | {
      e: 'kline';
      s: string;
      k: { t: number; T: number; o: string; h: string; l: string; c: string; v: string; x: boolean };
    }
  | { e: 'bookTicker'; s: string; b: string; a: string };

function dispatch(message: MarketMessage, listener: MarketListener): void {
  switch (message.e) {
    case 'trade':
      listener.onTrade(message.s, { time: message.T, price: Number(message.p), quantity: Number(message.q) });
      break;
    case 'depthUpdate':
      listener.onDepth(message.s, { first: message.U, last: message.u, bids: message.b, asks: message.a });
      break;
    case 'bookTicker':
      listener.onBest(message.s, Number(message.b), Number(message.a));
      break;
    case 'kline': {
      const { t, T, o, h, l, c, v, x } = message.k;
      listener.onCandle(
        message.s,
        {
          openTime: t,
          closeTime: T,
          open: Number(o),
          high: Number(h),
          low: Number(l),
          close: Number(c),
          volume: Number(v),
        },
        x,
      );
      break;
    }
  }
}

/**
 * The user data stream, over the WebSocket API: listen keys are gone
 * (https://developers.binance.com/docs/binance-spot-api-docs/user-data-stream). @returns what closes it
 */
export function watchAccount(
  options: BinanceOptions,
  now: () => number,
  listener: AccountListener,
): () => Promise<void> {
  const { log } = options;
  const api = new WebsocketAPIClient(
    {
      ...socketOptions(options),
      attachEventListeners: false,
      resubscribeUserDataStreamAfterReconnect: false,
    },
    quiet(log),
  );
  const socket = api.getWSClient();
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  const subscribe = () => {
    clearTimeout(timer);
    // Signed with the clock of the exchange.
    socket
      .sendWSAPIRequest('mainWSAPI', 'userDataStream.subscribe.signature', { timestamp: now() })
      .then(() => listener.onConnected())
      .catch((error: unknown) => {
        if (closed) return;
        listener.onLost(reasonOf(error));
        timer = setTimeout(subscribe, RESUBSCRIBE_MS);
      });
  };
  socket.on('message', (message) => {
    const report = reportOf(message as unknown as ExecutionReport);
    if (report !== undefined) listener.onOrder(report);
  });
  socket.on('reconnecting', () => listener.onLost('the connection was lost'));
  socket.on('reconnected', subscribe);
  socket.on('exception', (error) => log.debug('the account stream has an error', { error: reasonOf(error) }));
  subscribe();
  return async () => {
    closed = true;
    clearTimeout(timer);
    socket.removeAllListeners();
    socket.on('exception', () => {});
    socket.closeAll(true);
  };
}

function reasonOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  const told = (error as { error?: { msg?: unknown } } | undefined)?.error?.msg;
  return typeof told === 'string' ? told : String(error);
}

/** `executionReport`, as far as it is read. */
interface ExecutionReport {
  e: string;
  s: string;
  c: string;
  C: string;
  S: string;
  x: string;
  X: string;
  i: number;
  z: string;
  l: string;
  L: string;
  n: string;
  N: string | null;
  t: number;
  T: number;
}

function reportOf(message: ExecutionReport): OrderReport | undefined {
  if (message.e !== 'executionReport') return undefined;
  // Of a cancellation `c` is the id of the request, and `C` that of the order.
  const clientOrderId = message.C === '' || message.C === undefined ? message.c : message.C;
  const quantity = decimal(message.l);
  return {
    symbol: message.s,
    clientOrderId,
    exchangeOrderId: message.i,
    status: statusOf(message.X),
    executed: decimal(message.z),
    fills:
      message.x !== 'TRADE' || quantity.lte(ZERO)
        ? []
        : [
            {
              tradeId: message.t,
              side: message.S === 'BUY' ? 'buy' : 'sell',
              price: decimal(message.L),
              quantity,
              commission: decimal(message.n),
              commissionAsset: message.N ?? '',
              time: message.T,
            },
          ],
  };
}
