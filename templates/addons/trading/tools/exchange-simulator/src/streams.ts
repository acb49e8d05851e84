import type { Server } from 'node:http';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { balancesOf, executionReport, levelRows } from './documents.ts';
import { ExchangeError } from './errors.ts';
import type { Market } from './exchange.ts';
import type { Faults } from './faults.ts';
import { amountText, priceText, quantityText } from './instrument.ts';
import { INTERVALS, type Kline } from './klines.ts';
import type { Venue } from './rest.ts';
import { checkSigned } from './security.ts';

/** As often as Binance sends depth events with `@100ms`. */
export const DEPTH_MS = 100;
const PING_MS = 20_000;
/** Who has not read so many bytes is cut off: it is too slow, and memory is not without end. */
const MOST_UNREAD = 16 * 1024 * 1024;

interface Connection {
  socket: WebSocket;
  /** Names of streams; for the WebSocket API empty. */
  streams: Set<string>;
  /** Messages have the name of their stream around them. */
  combined: boolean;
  /** The user data stream, once it is subscribed to. */
  subscription: number | undefined;
  /** Held back to come after the next one. */
  held: string | undefined;
}

export interface Streams {
  /** Sends what has changed in the books and candles since the last time. */
  flush(): void;
  disconnect(): void;
  close(): Promise<void>;
  readonly connections: number;
}

/**
 * Binance's WebSocket protocol: market streams at `/ws` and `/stream`, the user data stream at `/ws-api/v3` with
 * `userDataStream.subscribe.signature`. Every message says that it is simulated.
 */
export function openStreams(server: Server, venue: Venue): Streams {
  const { exchange, faults } = venue;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 * 1024 });
  const connections = new Set<Connection>();
  let subscriptions = 0;

  server.on('upgrade', (request, socket, head) => {
    // `//` is no address, and `new URL` would end the process.
    const address = request.url ?? '/';
    const url = new URL(URL.canParse(address, 'http://simulator') ? address : '/', 'http://simulator');
    const known = /^\/(ws|stream|ws-api\/v3)(\/|$)/.test(url.pathname);
    if (!known) {
      socket.end('HTTP/1.1 404 Not Found\r\nx-simulated: exchange-simulator\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (opened) => {
      const named = url.pathname.startsWith('/ws/') ? [url.pathname.slice('/ws/'.length)] : [];
      const combined = url.pathname.startsWith('/stream');
      const streams = new Set(
        [...named, ...(url.searchParams.get('streams') ?? '').split('/')].filter((name) => name !== ''),
      );
      const connection: Connection = {
        socket: opened,
        streams,
        combined,
        subscription: undefined,
        held: undefined,
      };
      connections.add(connection);
      opened.on('message', (data) => answer(connection, data, url.pathname.startsWith('/ws-api')));
      opened.on('close', () => connections.delete(connection));
      opened.on('error', () => opened.terminate());
    });
  });

  const answer = (connection: Connection, data: RawData, isApi: boolean) => {
    const request = readRequest(data);
    if (request === undefined) {
      const error = { code: 3, msg: 'Invalid JSON: expected value at line 1 column 1' };
      write(connection, { error, simulated: true });
      return;
    }
    const id = request.id ?? null;
    if (isApi) write(connection, { id, ...api(connection, request), simulated: true });
    else write(connection, { ...subscribe(connection, request), id, simulated: true });
  };

  const api = (connection: Connection, { method, params }: { method?: unknown; params?: unknown }) => {
    try {
      if (method === 'ping') return { status: 200, result: {} };
      if (method === 'time') return { status: 200, result: { serverTime: exchange.now() } };
      if (method === 'userDataStream.subscribe.signature') {
        const given = Object.fromEntries(
          Object.entries((params ?? {}) as Record<string, unknown>).map(([name, value]) => [
            name,
            String(value),
          ]),
        );
        const { signature, ...signed } = given;
        // The WebSocket API signs the parameters in the order of their names.
        const payload = Object.keys(signed)
          .sort()
          .map((name) => `${name}=${encodeURIComponent(signed[name] ?? '')}`)
          .join('&');
        checkSigned(
          venue.credentials,
          { key: given.apiKey, payload, signature, timestamp: given.timestamp, window: given.recvWindow },
          exchange.now(),
        );
        subscriptions += 1;
        connection.subscription = subscriptions;
        return { status: 200, result: { subscriptionId: subscriptions } };
      }
      throw new ExchangeError(-1000, `Unknown method ${String(method)}`);
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      return { status: error.status, error: { code: error.code, msg: error.message } };
    }
  };

  const subscribe = (connection: Connection, { method, params }: { method?: unknown; params?: unknown }) => {
    const names = Array.isArray(params)
      ? params.filter((name): name is string => typeof name === 'string')
      : [];
    if (method === 'SUBSCRIBE') for (const name of names) connection.streams.add(name);
    else if (method === 'UNSUBSCRIBE') for (const name of names) connection.streams.delete(name);
    else if (method === 'LIST_SUBSCRIPTIONS') return { result: [...connection.streams] };
    else return { error: { code: 2, msg: `Invalid request: unknown variant ${String(method)}` } };
    return { result: null };
  };

  const broadcast = (stream: string, event: object) => {
    const data = { ...event, simulated: true };
    let [bare, combined]: (string | undefined)[] = [];
    for (const connection of connections) {
      if (!connection.streams.has(stream)) continue;
      if (connection.combined) combined ??= JSON.stringify({ stream, data });
      else bare ??= JSON.stringify(data);
      deliver(connection, (connection.combined ? combined : bare) ?? '', faults);
    }
  };

  const toAccount = (event: object) => {
    for (const connection of connections) {
      if (connection.subscription === undefined) continue;
      deliver(
        connection,
        JSON.stringify({ subscriptionId: connection.subscription, event, simulated: true }),
        faults,
      );
    }
  };

  exchange.listeners.add({
    onTrade(symbol, { id, price, quantity, time, buyerIsMaker }) {
      const { instrument } = exchange.market(symbol);
      broadcast(`${symbol.toLowerCase()}@trade`, {
        e: 'trade',
        E: exchange.now(),
        s: symbol,
        t: id,
        p: priceText(instrument, price),
        q: quantityText(instrument, quantity),
        T: time,
        m: buyerIsMaker,
        M: true,
      });
    },
    onBest(symbol, updateId) {
      const { engine, instrument } = exchange.market(symbol);
      const [bid, ask] = [engine.best('BUY'), engine.best('SELL')];
      if (bid === undefined || ask === undefined) return;
      broadcast(`${symbol.toLowerCase()}@bookTicker`, {
        u: updateId,
        s: symbol,
        b: priceText(instrument, bid.price),
        B: quantityText(instrument, bid.quantity),
        a: priceText(instrument, ask.price),
        A: quantityText(instrument, ask.quantity),
      });
    },
    onOrder(order, execution, fill) {
      const { instrument } = exchange.market(order.symbol);
      toAccount(executionReport(order, execution, fill, instrument, exchange.now()));
      if (fill === undefined) return;
      toAccount({
        e: 'outboundAccountPosition',
        E: exchange.now(),
        u: fill.time,
        B: balancesOf(exchange).map(({ asset, free, locked }) => ({ a: asset, f: free, l: locked })),
      });
    },
  });

  const sentKlines = new Map<string, Kline>();
  const flushKlines = (symbol: string, { instrument, klines }: Market) => {
    for (const interval of Object.keys(INTERVALS)) {
      const now = klines.last(interval);
      if (now === undefined) continue;
      const key = `${symbol}@${interval}`;
      const before = sentKlines.get(key);
      const event = (kline: Kline, closed: boolean) =>
        broadcast(`${symbol.toLowerCase()}@kline_${interval}`, {
          e: 'kline',
          E: exchange.now(),
          s: symbol,
          k: {
            t: kline.openTime,
            T: kline.openTime + (INTERVALS[interval] ?? 0) - 1,
            s: symbol,
            i: interval,
            f: -1,
            L: -1,
            o: priceText(instrument, kline.open),
            c: priceText(instrument, kline.close),
            h: priceText(instrument, kline.high),
            l: priceText(instrument, kline.low),
            v: quantityText(instrument, kline.volume),
            n: kline.trades,
            x: closed,
            q: amountText(kline.quoteVolume),
            V: quantityText(instrument, kline.takerBuyVolume),
            Q: amountText(kline.takerBuyQuoteVolume),
            B: '0',
          },
        });
      if (before !== undefined && before !== now) event(before, true);
      event(now, false);
      sentKlines.set(key, now);
    }
  };

  const pinging = setInterval(() => {
    for (const { socket } of connections) socket.ping();
  }, PING_MS);
  pinging.unref();

  return {
    flush() {
      for (const [symbol, market] of exchange.markets) {
        const { changed, firstChange, updateId, instrument } = market;
        if (changed.size > 0) {
          const side = (wanted: string) =>
            levelRows(
              instrument,
              [...changed.values()].filter(({ side }) => side === wanted),
            );
          const event = {
            e: 'depthUpdate',
            E: exchange.now(),
            s: symbol,
            U: firstChange,
            u: updateId,
            b: side('BUY'),
            a: side('SELL'),
          };
          market.changed = new Map();
          if (faults.take('gap') === undefined) broadcast(`${symbol.toLowerCase()}@depth@100ms`, event);
        }
        flushKlines(symbol, market);
      }
    },
    disconnect() {
      for (const { socket } of connections) socket.terminate();
    },
    async close() {
      clearInterval(pinging);
      for (const { socket } of connections) socket.terminate();
      await new Promise<void>((resolve) => sockets.close(() => resolve()));
    },
    get connections() {
      return connections.size;
    },
  };
}

/** `undefined` for what is no JSON object. */
function readRequest(data: RawData): { id?: unknown; method?: unknown; params?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(String(data));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What the faults leave of it. */
function deliver(connection: Connection, text: string, faults: Faults): void {
  if (faults.take('silence') !== undefined) return;
  if (connection.held === undefined && faults.take('reorder') !== undefined) {
    connection.held = text;
    return;
  }
  send(connection, text);
  if (faults.take('duplicate') !== undefined) send(connection, text);
  if (connection.held !== undefined) {
    send(connection, connection.held);
    connection.held = undefined;
  }
}

function write(connection: Connection, message: object): void {
  send(connection, JSON.stringify(message));
}

function send({ socket }: Connection, text: string): void {
  if (socket.bufferedAmount > MOST_UNREAD) socket.terminate();
  else if (socket.readyState === socket.OPEN) socket.send(text);
}
