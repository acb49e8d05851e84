import { timingSafeEqual } from 'node:crypto';
import swagger from '@fastify/swagger';
import { ApiError, answerErrors } from '@stack/runtime/api-errors';
import { plain } from '@stack/trading/decimal';
import { RISK_CHECKS } from '@stack/trading/risk';
import { SYMBOL_PATTERN } from '@stack/trading/symbol';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Configuration } from './configuration.ts';
import type { KillSwitch } from './kill-switch.ts';
import { positionDocument } from './position-news.ts';
import type { Trading } from './trading.ts';

export interface ApiOptions {
  version: string;
  configuration: Configuration;
  kill: KillSwitch;
  /** What trades; or why there is nothing yet. */
  trading(): Trading | { starting: string };
}

const LIST_QUERY = {
  type: 'object',
  properties: {
    symbol: { type: 'string', pattern: SYMBOL_PATTERN },
    correlation_id: { type: 'string', maxLength: 128 },
    status: { type: 'string', pattern: '^[a-z_]{1,20}$' },
    limit: { type: 'integer', minimum: 1, maximum: 1000, default: 50 },
  },
  additionalProperties: false,
};
const REASON_BODY = {
  type: 'object',
  required: ['reason'],
  properties: { reason: { type: 'string', minLength: 1, maxLength: 500 } },
  additionalProperties: false,
};
const CANDIDATE_BODY = {
  type: 'object',
  required: ['symbol', 'side'],
  properties: {
    symbol: { type: 'string', pattern: SYMBOL_PATTERN },
    side: { enum: ['buy', 'sell'] },
  },
  additionalProperties: false,
};

interface ListQuery {
  symbol?: string;
  correlation_id?: string;
  status?: string;
  limit: number;
}

/** The API of the trading service. Whatever changes something asks for the control key. */
export async function registerApi(http: FastifyInstance, options: ApiOptions): Promise<void> {
  const { version, configuration, kill } = options;
  const running = (): Trading => {
    const trading = options.trading();
    if ('starting' in trading) throw new ApiError(503, 'starting', trading.starting);
    return trading;
  };
  const controlled = {
    preHandler: async (request: FastifyRequest) => {
      if (!sameText(request.headers['x-control-key'], configuration.TRADING_CONTROL_KEY))
        throw new ApiError(
          403,
          'forbidden',
          'the header x-control-key does not have the control key (qbtc secrets get trading-control-key)',
        );
    },
  };

  await http.register(swagger, {
    openapi: {
      openapi: '3.0.3',
      info: {
        title: 'Trading',
        description: 'Positions, orders, profit, risk and the kill switch.',
        version,
      },
      components: {
        securitySchemes: {
          apikey: { type: 'apiKey', in: 'header', name: 'apikey' },
          control: { type: 'apiKey', in: 'header', name: 'x-control-key' },
        },
      },
      security: [{ apikey: [] }],
    },
  });
  answerErrors(http, {
    document: '/api/trading/openapi.json',
    unforeseen: ({ correlationId }) =>
      new ApiError(
        503,
        'unavailable',
        `the service cannot do that at the moment; its log says why, under the correlation id ${correlationId}`,
      ),
  });

  http.get('/api/trading/status', () => {
    const trading = options.trading();
    const { TRADING_MODE: mode, STRATEGY: strategy } = configuration;
    const killed = killDocument(kill);
    if ('starting' in trading)
      return { mode, strategy, trading: false, why_not: trading.starting, kill_switch: killed };
    const why =
      trading.missing() ?? trading.ledger.unrecorded ?? (kill.state.killed ? kill.state.reason : undefined);
    return {
      mode,
      strategy,
      exchange: trading.exchange.name,
      venue: trading.venue,
      trading: why === undefined,
      why_not: why ?? null,
      kill_switch: killed,
      orders_undone: trading.ledger.undone.size,
      symbols: [...trading.feed.markets.values()].map((market) => ({
        symbol: market.symbol,
        mark: market.mark ?? null,
        synced: market.depth.synced,
        age_ms: Number.isFinite(market.heardAt) ? Math.round(trading.feed.ageMs(market.symbol)) : null,
        book_levels: market.depth.book.bids.size + market.depth.book.asks.size,
        resyncs: market.resyncs,
        indicators: trading.trader.indicators(market.symbol) ?? null,
      })),
    };
  });

  http.get('/api/trading/positions', () => {
    const { ledger, feed } = running();
    return { positions: [...ledger.positions.values()].map((position) => positionDocument(position, feed)) };
  });
  http.get<{ Querystring: ListQuery }>(
    '/api/trading/orders',
    { schema: { querystring: LIST_QUERY } },
    async ({ query, span }) => ({
      orders: await running().journal.orders(query, span),
    }),
  );
  http.get<{ Querystring: ListQuery }>(
    '/api/trading/fills',
    { schema: { querystring: LIST_QUERY } },
    async ({ query, span }) => {
      const { status, ...filter } = query;
      return { fills: await running().journal.fills(filter, span) };
    },
  );
  http.get<{ Querystring: ListQuery }>(
    '/api/trading/signals',
    { schema: { querystring: LIST_QUERY } },
    async ({ query, span }) => {
      const { status, ...filter } = query;
      return { signals: await running().journal.signals(filter, span) };
    },
  );

  http.get('/api/trading/pnl', () => {
    const { ledger, feed, count } = running();
    const worth = ledger.worth((symbol) => feed.markets.get(symbol)?.mark);
    return {
      realised: plain(worth.realised),
      unrealised: plain(worth.unrealised),
      today: plain(count.profit(worth)),
      positions: [...ledger.positions.values()].map((position) => positionDocument(position, feed)),
    };
  });

  http.get('/api/trading/risk', () => {
    const { limits, trader, feed } = running();
    return {
      checks: RISK_CHECKS,
      limits: Object.fromEntries(
        Object.entries(limits).map(([name, value]) => [
          name,
          typeof value === 'number' ? value : plain(value),
        ]),
      ),
      symbols: [...feed.markets.keys()].map((symbol) => {
        const { held, middle, elsewhere, profitToday, open, ageMs, ...state } = trader.riskState(symbol);
        return {
          symbol,
          held: plain(held),
          middle: middle === undefined ? null : plain(middle),
          elsewhere: plain(elsewhere),
          profit_today: plain(profitToday),
          open_orders: open.count,
          age_ms: Number.isFinite(ageMs) ? Math.round(ageMs) : null,
          killed: state.killed ?? null,
          unrecorded: state.unrecorded ?? null,
          barred: state.barred ?? null,
          sent: state.sent,
        };
      }),
      kill_switch: killDocument(kill),
    };
  });

  http.post<{ Body: { reason: string } }>(
    '/api/trading/kill',
    { ...controlled, schema: { body: REASON_BODY } },
    async ({ body, span }) => {
      await kill.set(true, body.reason, 'api', span);
      const trading = options.trading();
      const cancelled = 'starting' in trading ? 0 : await trading.cancelAll();
      return { kill_switch: killDocument(kill), orders_cancelled: cancelled };
    },
  );
  http.post<{ Body: { reason: string } }>(
    '/api/trading/resume',
    { ...controlled, schema: { body: REASON_BODY } },
    async ({ body, span }) => {
      await kill.set(false, body.reason, 'api', span);
      return { kill_switch: killDocument(kill) };
    },
  );

  // What a person considers takes the same way as what the strategy considers.
  http.post<{ Body: { symbol: string; side: 'buy' | 'sell' } }>(
    '/api/trading/candidates',
    { ...controlled, schema: { body: CANDIDATE_BODY } },
    async ({ body, correlationId, headers, span }) => {
      const { trader, feed } = running();
      if (!feed.markets.has(body.symbol))
        throw new ApiError(
          404,
          'unknown_symbol',
          `${body.symbol} is not traded here; there are ${[...feed.markets.keys()].join(', ')}`,
        );
      return trader.consider({
        ...body,
        strategy: 'by-hand',
        indicators: trader.indicators(body.symbol),
        correlationId,
        eventId: idempotencyKeyOf(headers['idempotency-key']) ?? crypto.randomUUID(),
        decidedAt: performance.now(),
        span,
      });
    },
  );

  http.get('/api/trading/openapi.json', { schema: { hide: true } }, () => http.swagger());
}

function killDocument({ state }: KillSwitch) {
  return { ...state, at: new Date(state.at).toISOString() };
}

function sameText(given: unknown, expected: string): boolean {
  const [a, b] = [Buffer.from(typeof given === 'string' ? given : ''), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The header of draft-ietf-httpapi-idempotency-key-header. */
function idempotencyKeyOf(header: unknown): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === 'string' && /^[\x21-\x7e]{1,128}$/.test(header)) return `candidate-${header}`;
  throw new ApiError(
    400,
    'bad_request',
    'idempotency-key: expected 1 to 128 printable characters without spaces',
  );
}
