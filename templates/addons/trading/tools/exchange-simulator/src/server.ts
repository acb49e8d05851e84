import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { Exchange, type Market } from './exchange.ts';
import { Faults, faultSchema } from './faults.ts';
import { MarketMakers } from './market-makers.ts';
import { BINANCE_LIMITS, type Limits, RateLimits } from './rate-limits.ts';
import { registerRest, type Venue } from './rest.ts';
import type { Credentials } from './security.ts';
import { DEPTH_MS, openStreams } from './streams.ts';

export interface SimulatorOptions {
  symbols: readonly string[];
  /** The market follows from it. */
  seed: number;
  credentials: Credentials;
  /** How many times as much happens in the market as in a real one. */
  speed: number;
  limits?: Limits;
  /** In hundred-millionths, by asset. */
  balances: Readonly<Record<string, bigint>>;
}

export interface Simulator {
  exchange: Exchange;
  faults: Faults;
  /** Ends every WebSocket connection. */
  disconnect(): void;
  close(): Promise<void>;
}

/** What everything that it answers says in a header, and every message of its streams in the field `simulated`. */
const SAYS_SO = { 'x-simulated': 'exchange-simulator' };

const marketSchema = z.strictObject({
  symbol: z.string(),
  drift: z.number().min(-0.1).max(0.1).optional().describe('What the price gains in a second, as a share.'),
  volatility: z.number().min(0).max(0.1).optional().describe('The deviation of a second, as a share.'),
  swing: z
    .number()
    .min(-0.1)
    .max(0.1)
    .optional()
    .describe('The same, added to the drift, with its sign turned again and again.'),
  swing_every: z.number().min(0.1).max(3_600).default(10).describe('Seconds from turn to turn of the swing.'),
  seconds: z
    .number()
    .min(0.1)
    .max(3_600)
    .optional()
    .describe('After so long the drift and the swing of this request are 0 again.'),
  jump: z.number().min(-0.5).max(0.5).optional().describe('What the price gains now, as a share.'),
  jump_every: z
    .number()
    .min(0)
    .max(3_600)
    .optional()
    .describe('Seconds since the last jump before which there is none: several who ask for one get one.'),
});

/** Puts the simulated exchange on a server: REST, streams, and below `/simulator` what only a simulation has. */
export function addSimulator(server: FastifyInstance, options: SimulatorOptions): Simulator {
  const faults = new Faults();
  const now = () => Date.now() + faults.skewMs;
  const { symbols, seed, balances, credentials } = options;
  const exchange = new Exchange({ symbols, seed, balances, now });
  const venue: Venue = {
    exchange,
    faults,
    credentials,
    limits: new RateLimits(options.limits ?? BINANCE_LIMITS, now),
    id: randomUUID(),
  };
  server.addHook('onSend', async (_request, reply, payload) => {
    reply.headers(SAYS_SO);
    return payload;
  });
  registerRest(server, venue);
  const streams = openStreams(server.server, venue);
  const makers = new MarketMakers(exchange);

  const jumped = new Map<Market, number>();

  server.get('/simulator', async () => ({
    simulated: true,
    simulation: venue.id,
    symbols,
    seed,
    speed: options.speed,
    orders: exchange.orders.size,
    fills: exchange.fills.length,
    connections: streams.connections,
    faults: faults.list(),
    skew_ms: faults.skewMs,
  }));
  server.post('/simulator/faults', async (request, reply) => {
    const fault = faultSchema.safeParse(request.body);
    if (!fault.success) return reply.code(400).send({ simulated: true, error: z.prettifyError(fault.error) });
    faults.set(fault.data);
    if (fault.data.kind === 'disconnect') streams.disconnect();
    return { simulated: true, faults: faults.list() };
  });
  server.delete('/simulator/faults', async () => {
    faults.clear();
    return { simulated: true, faults: [] };
  });
  server.post('/simulator/market', async (request, reply) => {
    const change = marketSchema.safeParse(request.body);
    if (!change.success)
      return reply.code(400).send({ simulated: true, error: z.prettifyError(change.error) });
    const market = exchange.markets.get(change.data.symbol);
    if (market === undefined)
      return reply
        .code(404)
        .send({ simulated: true, error: `no symbol ${change.data.symbol}; there are ${symbols.join(', ')}` });
    const { symbol, drift, swing, swing_every, seconds, volatility, jump, jump_every = 0 } = change.data;
    if (drift !== undefined) market.pull.drift(drift, seconds);
    if (swing !== undefined) market.pull.swing(swing, swing_every, seconds);
    if (volatility !== undefined) market.volatility = volatility;
    const since = Date.now() - (jumped.get(market) ?? Number.NEGATIVE_INFINITY);
    if (jump !== undefined && since >= jump_every * 1_000) {
      jumped.set(market, Date.now());
      market.fair *= 1 + jump;
    }
    return {
      simulated: true,
      symbol,
      drift: market.pull.drifting,
      swing: market.pull.swinging,
      volatility: market.volatility,
    };
  });

  const stepSeconds = DEPTH_MS / 1000;
  const stepping = setInterval(() => {
    makers.step(stepSeconds, options.speed);
    streams.flush();
  }, DEPTH_MS);

  return {
    exchange,
    faults,
    disconnect: streams.disconnect,
    async close() {
      clearInterval(stepping);
      await streams.close();
    },
  };
}
