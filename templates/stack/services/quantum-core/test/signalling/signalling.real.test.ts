import { fileURLToPath } from 'node:url';
import {
  type TradingAnalysisRequest,
  type TradingSignal,
  tradingAnalysisRequest,
} from '@stack/contracts/trading';
import type { Delivery } from '@stack/runtime/bus';
import { type Database, openDatabase } from '@stack/runtime/database';
import { createLog } from '@stack/runtime/logging';
import { NO_TRACING } from '@stack/runtime/tracing';
import { migrate, postgresServer, query, startPostgres } from '@stack/testing/postgres';
import { skipWithout, type TestServer } from '@stack/testing/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSignalling } from '../../src/signalling/signalling.ts';
import { openSignals } from '../../src/signalling/signals.ts';

const MIGRATIONS = fileURLToPath(new URL('../../../../infrastructure/supabase/migrations', import.meta.url));
const log = createLog({ service: 'test', level: 'silent', destination: { write: () => {} } });
const AT = Date.parse('2026-01-05T10:00:00.000Z');

function deliver(fields: Partial<TradingAnalysisRequest> = {}): Delivery<TradingAnalysisRequest> {
  const data: TradingAnalysisRequest = {
    symbol: 'BTCUSDT',
    side: 'buy',
    strategy: 'ema-cross',
    price: '105',
    quantity: '0.1',
    indicators: { ema_20: 103, ema_50: 101, rsi_14: 21, atr_14: 4 },
    observed_at: new Date(AT).toISOString(),
    mode: 'paper',
    ...fields,
  };
  const event = tradingAnalysisRequest.create(data, { source: 'test', correlationid: 'c-1' });
  return { event, again: false, replyTo: 'somewhere', expiresAt: undefined, span: undefined, log };
}

describe.skipIf(skipWithout([postgresServer]))('signals, with a real database', () => {
  let server: TestServer;
  let database: Database;
  const core = () => {
    const parts: TradingSignal[] = [];
    const signalling = createSignalling({
      publish: async (_, part) => void parts.push(part),
      signals: openSignals(database),
      validMs: 5000,
      now: () => AT + 1000,
    });
    return { ...signalling, parts };
  };
  const ask = async (delivery: Delivery<TradingAnalysisRequest>) => {
    const answering = core();
    await answering.handle(delivery);
    const [part] = answering.parts;
    if (part?.kind !== 'complete') throw new Error(JSON.stringify(part));
    return part;
  };

  beforeAll(async () => {
    server = await startPostgres();
    await migrate(server.url, MIGRATIONS);
    database = openDatabase({ url: server.url, service: 'test', log, tracing: NO_TRACING });
  });
  afterAll(async () => {
    await database?.close();
    await server?.stop();
  });

  it('says what the analysis says, records it, and is a valid event', async () => {
    const delivery = deliver();
    const signal = await ask(delivery);
    expect(signal).toMatchObject({
      symbol: 'BTCUSDT',
      action: 'buy',
      confidence: expect.closeTo(0.6, 10),
      engine: 'qbtc-analysis',
      valid_until: new Date(AT + 5000).toISOString(),
      state: { resonance: null },
    });
    const rows = await query<{ signal_id: string; action: string }>(
      server.url,
      'select signal_id, action from qcs_quantum.signals where event_id = $1',
      [delivery.event.id],
    );
    expect(rows).toEqual([{ signal_id: signal.signal_id, action: 'buy' }]);
  });

  it('gives one event one signal, however often and to however many cores it comes', async () => {
    const delivery = deliver({ symbol: 'ETHUSDT' });
    const signals = await Promise.all([
      ask(delivery),
      ask({ ...delivery }),
      ask({ ...delivery, again: true }),
    ]);
    const later = await ask({ ...delivery, again: true });
    expect(new Set([...signals, later].map(({ signal_id }) => signal_id)).size).toBe(1);
    expect(later.confidence).toBe(signals[0]?.confidence);
    const rows = await query(server.url, `select 1 from qcs_quantum.signals where symbol = 'ETHUSDT'`);
    expect(rows).toHaveLength(1);
  });

  it('judges a look in the light of those before it, of the same symbol and mode', async () => {
    const before = (ms: number) => new Date(AT - ms).toISOString();
    const symbol = 'SOLUSDT';
    await ask(deliver({ symbol, observed_at: before(300) }));
    await ask(deliver({ symbol, observed_at: before(200), mode: 'testnet', indicators: { rsi_14: 95 } }));
    const steady = await ask(deliver({ symbol, observed_at: before(100) }));
    expect(steady.state.purity).toBeCloseTo(1, 8);
    expect(steady.state.resonance).toBeCloseTo(1, 8);
    await ask(deliver({ symbol, observed_at: before(50), indicators: { rsi_14: 95, sma_9: 120 } }));
    const shaken = await ask(deliver({ symbol }));
    expect(shaken.state.purity).toBeLessThan(0.95);
    expect(shaken.confidence).toBeLessThan(steady.confidence);
  });

  it('gives no signal for an old look at the market', async () => {
    const late = core();
    await late.handle(deliver({ observed_at: new Date(AT - 5000).toISOString() }));
    expect(late.parts).toMatchObject([{ kind: 'error', error: { code: 'stale' } }]);
  });

  it('tells whoever waits that there will be none', async () => {
    const lost = core();
    expect(await lost.gaveUp(deliver())).toBe('dead-letter');
    expect(lost.parts).toMatchObject([{ kind: 'error', error: { code: 'unavailable' } }]);
  });
});
