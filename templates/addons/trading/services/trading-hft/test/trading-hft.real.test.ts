import { fileURLToPath } from 'node:url';
import { DESTINATIONS } from '@stack/contracts/events';
import { addSimulator, type Simulator } from '@stack/exchange-simulator/server';
import { query } from '@stack/testing/postgres';
import { skipWithout } from '@stack/testing/server';
import { STACK, type StackServers, stackServers, startStackServers } from '@stack/testing/servers';
import { startService, type TestService } from '@stack/testing/service';
import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DESTINATIONS as HFT } from '../src/contracts/events.ts';

const SERVICE = fileURLToPath(new URL('../', import.meta.url));
const CREDENTIALS = { key: 'key', secret: 'secret' };
const CONTROL = 'control';
const soon = { timeout: 30_000, interval: 200 };
// biome-ignore lint/suspicious/noExplicitAny: answers are looked into as they come.
type Body = any;

describe.skipIf(skipWithout(stackServers))('the trading service, with real servers and the core', () => {
  let servers: StackServers;
  let server: FastifyInstance;
  let collector: FastifyInstance;
  let simulator: Simulator;
  let core: TestService;
  let trading: TestService;
  let environment: Record<string, string>;
  /** What both services have sent to the collector of spans. */
  const spans: { name: string; traceId: string; spanId: string; parentSpanId?: string }[] = [];

  const simulate = async (port: number) => {
    const made = fastify();
    const added = addSimulator(made, {
      symbols: ['BTCUSDT', 'ETHUSDT'],
      seed: 26,
      speed: 1,
      credentials: CREDENTIALS,
      balances: { USDT: 10_000_000_000_000n },
    });
    await made.listen({ port, host: '127.0.0.1' });
    return { server: made, simulator: added };
  };
  const collectSpans = async (): Promise<FastifyInstance> => {
    const made = fastify();
    made.post('/v1/traces', async ({ body }: { body: Body }) => {
      for (const { scopeSpans } of body.resourceSpans)
        for (const scope of scopeSpans) spans.push(...scope.spans);
      return {};
    });
    await made.listen({ port: 0, host: '127.0.0.1' });
    return made;
  };
  const start = (changes: Record<string, string> = {}) =>
    startService('trading-hft', `${SERVICE}src/main.ts`, { ...environment, ...changes });
  const call = async (
    path: string,
    body?: object,
    { headers = {}, service = trading }: { headers?: Record<string, string>; service?: TestService } = {},
  ): Promise<{ status: number; body: Body }> => {
    const answer = await fetch(`${service.url}/api/trading/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: await answer.json() };
  };
  const control = { headers: { 'x-control-key': CONTROL } };
  const consider = (headers: Record<string, string> = {}) =>
    call('candidates', { symbol: 'BTCUSDT', side: 'buy' }, { headers: { ...control.headers, ...headers } });
  const trades = async (service = trading) => (await call('status', undefined, { service })).body.trading;

  beforeAll(async () => {
    servers = await startStackServers(SERVICE);
    ({ server, simulator } = await simulate(0));
    collector = await collectSpans();
    environment = {
      AMQP_URL: servers.broker.url,
      DATABASE_URL: servers.database.url,
      REDIS_URL: servers.cache.url,
      EXCHANGE_URL: `http://127.0.0.1:${(server.server.address() as { port: number }).port}`,
      SIMULATOR_KEY: CREDENTIALS.key,
      SIMULATOR_SECRET: CREDENTIALS.secret,
      TRADING_CONTROL_KEY: CONTROL,
      EQUITY_MS: '300',
      TRACE_STORE_URL: collector.listeningOrigin,
      TRACE_RATIO: '1',
    };
    for (const market of simulator.exchange.markets.values()) market.pull.drift(0.0001);
    core = await startService('quantum-core', `${STACK}services/quantum-core/src/main.ts`, environment);
    [trading] = await Promise.all([start(), core.healthy()]);
    await trading.healthy();
    await vi.waitFor(async () => expect(await trades()).toBe(true), soon);
  });
  afterAll(async () => {
    await Promise.all([trading, core].map((service) => service?.stop()));
    await simulator?.close();
    await server?.close();
    await collector?.close();
    await servers?.stop();
  });

  it('orders what the signal speaks for, and has it in orders, fills, positions and profit', async () => {
    const correlation = crypto.randomUUID();
    await expect
      .poll(async () => (await consider({ 'x-correlation-id': correlation })).body.outcome, soon)
      .toBe('ordered');
    await expect
      .poll(async () => (await call(`orders?correlation_id=${correlation}`)).body.orders[0]?.status, soon)
      .toBe('filled');
    const { fills } = (await call(`fills?correlation_id=${correlation}`)).body;
    expect(fills[0]).toMatchObject({ symbol: 'BTCUSDT', side: 'buy', commission_asset: 'BTC' });
    const { signals } = (await call(`signals?correlation_id=${correlation}`)).body;
    expect(signals.find(({ outcome }: Body) => outcome === 'ordered')).toMatchObject({
      action: 'buy',
      strategy: 'by-hand',
    });
    const { positions } = (await call('positions')).body;
    expect(Number(positions[0].quantity)).toBeGreaterThan(0);
    expect(Object.keys((await call('pnl')).body)).toEqual(['realised', 'unrealised', 'today', 'positions']);
    expect((await call('risk')).body).toMatchObject({
      checks: expect.arrayContaining(['kill-switch']),
      symbols: [{ symbol: 'BTCUSDT' }, {}],
    });
    await expect
      .poll(
        async () =>
          (await query(servers.database.url, 'select count(*)::int as rows from hft_trading.equity'))[0]
            ?.rows,
        soon,
      )
      .toBeGreaterThan(0);
  });

  it('leaves one trace, from who asks to what the core has written down', async () => {
    const trace = crypto.randomUUID().replaceAll('-', '');
    await consider({ traceparent: `00-${trace}-${'b'.repeat(16)}-01` });
    const wayTo = (name: string): string[] => {
      const way: typeof spans = [];
      let span = spans.find((each) => each.traceId === trace && each.name === name);
      for (; span !== undefined; span = spans.find(({ spanId }) => spanId === way.at(-1)?.parentSpanId))
        way.push(span);
      return way.map((each) => each.name);
    };
    const decided = ['decide buy BTCUSDT', 'POST /api/trading/candidates'];
    const { routingKey, queue } = DESTINATIONS.trading_analysis_request;
    await expect
      .poll(() => wayTo('add a signal'), soon)
      .toEqual(['add a signal', `process ${queue}`, `send ${routingKey}`, ...decided]);
    const told = `send ${HFT.hft_trading_signal.routingKey}`;
    await expect.poll(() => wayTo(told), soon).toEqual([told, ...decided]);
  });

  it('does nothing twice for a signal that comes again', async () => {
    const key = { 'idempotency-key': crypto.randomUUID() };
    const first = (await consider(key)).body;
    const again = (await consider(key)).body;
    expect(again).toEqual({ ...first, duplicate: true });
  });

  it('says no to whoever has no control key, and to what it does not know', async () => {
    for (const path of ['kill', 'resume', 'candidates'])
      expect((await call(path, { reason: 'x', symbol: 'BTCUSDT', side: 'buy' })).status).toBeOneOf([
        400, 403,
      ]);
    expect((await call('kill', { reason: 'x' })).status).toBe(403);
    expect((await call('kill', {}, control)).status).toBe(400);
    expect(
      (await call('candidates', { symbol: 'DOGEUSDT', side: 'buy' }, control)).body.error.message,
    ).toContain('there are BTCUSDT, ETHUSDT');
    expect((await call('candidates', { symbol: 'BTCUSDT', side: 'hold' }, control)).status).toBe(400);
    expect((await call('orders?limit=0')).status).toBe(400);
    expect((await call('nothing')).body.error.code).toBe('not_found');
    expect((await call('openapi.json')).body.paths).toHaveProperty('/api/trading/kill');
  });

  it('stands by while another instance trades, and takes over when that is gone', async () => {
    const second = await start();
    try {
      await expect
        .poll(async () => (await call('status', undefined, { service: second })).body.why_not, soon)
        .toMatch(/another instance trades/);
      const refused = await call(
        'candidates',
        { symbol: 'ETHUSDT', side: 'buy' },
        { ...control, service: second },
      );
      expect((await fetch(`${second.url}/metrics`)).status).toBe(200);
      expect((await call('risk', undefined, { service: second })).body.symbols[0].unrecorded).toMatch(
        /another instance/,
      );
      expect(refused.body.outcome).not.toBe('ordered');
      // Whoever is told to stop, everybody stops.
      expect(
        (await call('kill', { reason: 'told the other one' }, { ...control, service: second })).status,
      ).toBe(200);
      await expect.poll(async () => (await call('status')).body.why_not, soon).toBe('told the other one');
      expect((await call('resume', { reason: 'seen' }, { ...control, service: second })).status).toBe(200);
      await expect.poll(trades, soon).toBe(true);
      await trading.kill();
      await expect.poll(() => trades(second), soon).toBe(true);
      trading = second;
    } catch (error) {
      await second.stop();
      throw error;
    }
  });

  it('has metrics, and nothing is traded without the core', async () => {
    const metrics = await (await fetch(`${trading.url}/metrics`)).text();
    for (const name of [
      'trading_tick_to_decision_seconds_bucket',
      'trading_position',
      'trading_killed',
      'trading_market_age_seconds',
    ])
      expect(metrics).toContain(name);
    await core.stop();
    const { body } = await consider();
    expect(body).toMatchObject({ outcome: 'no_signal', signal_id: null });
  });

  it('finds its account again after a restart, and ends to begin anew when the exchange is another one', async () => {
    const { venue } = (await call('status')).body;
    expect(venue).toMatch(/^simulation:/);
    expect(await trading.stop()).toBe(0);
    trading = await start();
    await expect.poll(async () => (await call('status')).body.venue, soon).toBe(venue);
    const { port } = server.server.address() as { port: number };
    await simulator.close();
    await server.close();
    ({ server, simulator } = await simulate(port));
    await expect
      .poll(() => trading.lines().some((line) => line.includes('the exchange is another one')), soon)
      .toBe(true);
    await expect
      .poll(() => trading.lines().some((line) => line.includes('"message":"ended"')), soon)
      .toBe(true);
  });
});
