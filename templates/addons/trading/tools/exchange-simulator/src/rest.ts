import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  accountDocument,
  depth,
  exchangeInfo,
  klineRow,
  orderDocument,
  placedDocument,
  tradeDocument,
} from './documents.ts';
import { ExchangeError, errors } from './errors.ts';
import { type Exchange, isOpen, type NewOrder, type Order } from './exchange.ts';
import type { Faults } from './faults.ts';
import { counted, type Instrument } from './instrument.ts';
import { INTERVALS } from './klines.ts';
import type { RateLimits } from './rate-limits.ts';
import { type Credentials, checkSigned } from './security.ts';

export interface Venue {
  exchange: Exchange;
  limits: RateLimits;
  faults: Faults;
  credentials: Credentials;
  /** Of this run of the simulator. */
  id: string;
}

type Parameters = Record<string, string | undefined>;

/** An answer to the parameters of a request, and what it weighs (https://developers.binance.com/docs/binance-spot-api-docs/rest-api). */
interface Endpoint {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  weight: number;
  signed?: boolean;
  answer(parameters: Parameters, venue: Venue): unknown;
}

const CLIENT_ORDER_ID = /^[a-zA-Z0-9-_]{1,36}$/;

const endpoints: readonly Endpoint[] = [
  { method: 'GET', path: '/api/v3/ping', weight: 1, answer: () => ({}) },
  {
    method: 'GET',
    path: '/api/v3/time',
    weight: 1,
    answer: (_, { exchange }) => ({ serverTime: exchange.now() }),
  },
  {
    method: 'GET',
    path: '/api/v3/exchangeInfo',
    weight: 20,
    answer: (_, { exchange, limits, id }) => exchangeInfo(exchange, limits.limits, id),
  },
  {
    method: 'GET',
    path: '/api/v3/depth',
    weight: 5,
    answer: ({ symbol, limit }, { exchange }) =>
      depth(exchange.market(required('symbol', symbol)), whole('limit', limit, 100, 5_000)),
  },
  {
    method: 'GET',
    path: '/api/v3/klines',
    weight: 2,
    answer(given, { exchange }) {
      const { instrument, klines } = exchange.market(required('symbol', given.symbol));
      const interval = required('interval', given.interval);
      if (!Object.hasOwn(INTERVALS, interval)) throw errors.interval();
      const from = whole('startTime', given.startTime, 0);
      const to = whole('endTime', given.endTime, Number.MAX_SAFE_INTEGER);
      const most = whole('limit', given.limit, 500, 1_000);
      return klines.between(interval, from, to, most).map((kline) => klineRow(instrument, interval, kline));
    },
  },
  {
    method: 'GET',
    path: '/api/v3/account',
    weight: 20,
    signed: true,
    answer: (_, { exchange }) => accountDocument(exchange),
  },
  { method: 'POST', path: '/api/v3/order', weight: 1, signed: true, answer: placeOrder },
  {
    method: 'GET',
    path: '/api/v3/order',
    weight: 4,
    signed: true,
    answer(given, { exchange }) {
      const order = find(given, exchange);
      if (order === undefined) throw errors.noSuchOrder();
      return orderDocument(order, exchange.market(order.symbol).instrument);
    },
  },
  {
    method: 'DELETE',
    path: '/api/v3/order',
    weight: 1,
    signed: true,
    answer(given, { exchange }) {
      const order = find(given, exchange);
      if (order === undefined || !isOpen(order)) throw errors.unknownOrder();
      exchange.cancel(order);
      return {
        ...orderDocument(order, exchange.market(order.symbol).instrument),
        origClientOrderId: order.clientOrderId,
        transactTime: order.updateTime,
      };
    },
  },
  {
    method: 'GET',
    path: '/api/v3/openOrders',
    weight: 6,
    signed: true,
    answer: ({ symbol }, { exchange }) =>
      exchange
        .openOrders(symbol)
        .map((order) => orderDocument(order, exchange.market(order.symbol).instrument)),
  },
  {
    method: 'GET',
    path: '/api/v3/allOrders',
    weight: 20,
    signed: true,
    answer(given, { exchange }) {
      const { instrument } = exchange.market(required('symbol', given.symbol));
      const from = whole('orderId', given.orderId, 0);
      return [...exchange.orders.values()]
        .filter(({ symbol, id }) => symbol === instrument.symbol && id >= from)
        .slice(0, whole('limit', given.limit, 500, 1_000))
        .map((order) => orderDocument(order, instrument));
    },
  },
  {
    method: 'GET',
    path: '/api/v3/myTrades',
    weight: 20,
    signed: true,
    answer(given, { exchange }) {
      const { instrument } = exchange.market(required('symbol', given.symbol));
      const orderId = given.orderId === undefined ? undefined : whole('orderId', given.orderId, 0);
      const from = whole('fromId', given.fromId, 0);
      return exchange.fills
        .filter(
          (fill) =>
            fill.symbol === instrument.symbol &&
            fill.tradeId >= from &&
            (orderId === undefined || fill.orderId === orderId),
        )
        .slice(0, whole('limit', given.limit, 500, 1_000))
        .map((fill) => tradeDocument(fill, instrument));
    },
  },
];

/** Binance's REST protocol, as far as a spot trader needs it. */
export function registerRest(server: FastifyInstance, venue: Venue): void {
  for (const endpoint of endpoints) {
    server.route({
      method: endpoint.method,
      url: endpoint.path,
      exposeHeadRoute: false,
      handler: (request, reply) => handle(endpoint, request, reply, venue),
    });
  }
  // Binance takes parameters in the body, too, in the form of a query string.
  server.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, body),
  );
}

async function handle(
  endpoint: Endpoint,
  request: FastifyRequest,
  reply: FastifyReply,
  venue: Venue,
): Promise<unknown> {
  const { exchange, faults, limits } = venue;
  try {
    if (faults.take('ban') !== undefined) throw errors.banned(exchange.now() + 2_000, 2);
    if (faults.take('limit') !== undefined) throw errors.tooManyRequests(1);
    const delay = faults.take('delay');
    if (delay !== undefined) await pause(delay.ms);
    limits.request(endpoint.weight);
    const { payload, parameters } = read(request);
    if (endpoint.signed === true) {
      const { signature, timestamp, recvWindow } = parameters;
      const key = request.headers['x-mbx-apikey'];
      checkSigned(
        venue.credentials,
        { key, payload, signature, timestamp, window: recvWindow },
        exchange.now(),
      );
    }
    const answer = endpoint.answer(parameters, venue);
    reply.headers(limits.headers());
    return answer;
  } catch (error) {
    if (error instanceof Cut) {
      reply.hijack();
      request.raw.socket.destroy();
      return undefined;
    }
    if (!(error instanceof ExchangeError)) throw error;
    reply.code(error.status).headers(limits.headers());
    if (error.retryAfter !== undefined) reply.header('retry-after', String(error.retryAfter));
    return { code: error.code, msg: error.message };
  }
}

/** The connection ends without an answer. */
class Cut extends Error {}

function placeOrder(given: Parameters, { exchange, faults, limits }: Venue): unknown {
  const { instrument } = exchange.market(required('symbol', given.symbol));
  const order = newOrder(given, instrument);
  limits.order();
  if (faults.take('reject') !== undefined) throw errors.rejected('This action is disabled on this account.');
  const timeout = faults.take('timeout');
  if (timeout !== undefined) {
    if (timeout.executed) exchange.place(order);
    if (timeout.answer === 'none') throw new Cut();
    throw errors.timeout();
  }
  const placed = exchange.place(order);
  return placedDocument(placed.order, placed.fills, instrument);
}

function newOrder(given: Parameters, instrument: Instrument): NewOrder {
  const side = required('side', given.side);
  if (side !== 'BUY' && side !== 'SELL') throw errors.side();
  const type = required('type', given.type);
  if (type !== 'LIMIT' && type !== 'MARKET' && type !== 'LIMIT_MAKER') throw errors.orderType();
  const timeInForce =
    type === 'LIMIT' ? required('timeInForce', given.timeInForce) : type === 'MARKET' ? 'IOC' : 'GTC';
  if (timeInForce !== 'GTC' && timeInForce !== 'IOC' && timeInForce !== 'FOK') throw errors.timeInForce();
  const quantity = counted(required('quantity', given.quantity), instrument.quantityDigits);
  if (quantity === undefined || quantity < 1) throw errors.filter('LOT_SIZE');
  const price =
    type === 'MARKET' ? undefined : counted(required('price', given.price), instrument.priceDigits);
  if (type !== 'MARKET' && (price === undefined || price < 1)) throw errors.filter('PRICE_FILTER');
  if (price !== undefined && BigInt(price) * BigInt(quantity) * instrument.unit < instrument.minNotional)
    throw errors.filter('NOTIONAL');
  const clientOrderId = given.newClientOrderId ?? `sim-${crypto.randomUUID().slice(0, 18)}`;
  if (!CLIENT_ORDER_ID.test(clientOrderId)) throw errors.illegal('newClientOrderId', CLIENT_ORDER_ID.source);
  return { symbol: instrument.symbol, side, type, timeInForce, quantity, price, clientOrderId };
}

function find(given: Parameters, exchange: Exchange): Order | undefined {
  const symbol = required('symbol', given.symbol);
  exchange.market(symbol);
  if (given.orderId !== undefined)
    return exchange.find(symbol, { orderId: whole('orderId', given.orderId, 0) });
  return exchange.find(symbol, { clientOrderId: required('origClientOrderId', given.origClientOrderId) });
}

/** The parameters, and what of them is signed: everything as it was sent, but the signature. */
function read(request: FastifyRequest): { payload: string; parameters: Parameters } {
  const url = request.raw.url ?? '';
  const query = url.includes('?') ? url.slice(url.indexOf('?') + 1) : '';
  const body = typeof request.body === 'string' ? request.body : '';
  const sent = `${query}${body}`;
  const payload = sent.replace(/&?signature=[^&]*/, '');
  const parameters = Object.fromEntries(new URLSearchParams(body === '' ? query : `${query}&${body}`));
  return { payload, parameters };
}

function required(name: string, value: string | undefined): string {
  if (value === undefined || value === '') throw errors.missing(name);
  return value;
}

function whole(
  name: string,
  value: string | undefined,
  fallback: number,
  most = Number.MAX_SAFE_INTEGER,
): number {
  if (value === undefined || value === '') return fallback;
  if (!/^\d{1,16}$/.test(value)) throw errors.illegal(name, '^[0-9]{1,20}$');
  return Math.min(most, Number(value));
}
