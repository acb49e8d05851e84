import { fileURLToPath } from 'node:url';
import { type LlmRequest, type LlmResponse, llmRequest } from '@stack/contracts/llm';
import { type Delivery, Unroutable } from '@stack/runtime/bus';
import { createLog } from '@stack/runtime/logging';
import { migrate, postgresServer, query, startPostgres } from '@stack/testing/postgres';
import { redisServer, startRedis } from '@stack/testing/redis';
import { eventually, skipWithout, type TestServer } from '@stack/testing/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAnswering } from '../src/answering.ts';
import { type Cache, openCache } from '../src/cache.ts';
import type { Engine } from '../src/engine.ts';
import { createOfflineEngine, OFFLINE } from '../src/engines/offline.ts';
import { type Interactions, openInteractions } from '../src/interactions.ts';

const MIGRATIONS = fileURLToPath(new URL('../../../infrastructure/supabase/migrations', import.meta.url));
const log = createLog({ service: 'test', level: 'silent', destination: { write: () => {} } });

function deliver(
  request: Partial<LlmRequest>,
  extra: Partial<Delivery<LlmRequest>> = {},
): Delivery<LlmRequest> {
  const data = {
    model: OFFLINE,
    messages: [{ role: 'user' as const, content: 'One is one. What is one?' }],
    ...request,
  };
  const event = llmRequest.create(data, { source: 'test', correlationid: 'c-1' });
  return { event, again: false, replyTo: 'somewhere', expiresAt: undefined, log, ...extra };
}

describe.skipIf(skipWithout([postgresServer, redisServer]))(
  'answering, with a real database and cache',
  () => {
    let database: TestServer;
    let redis: TestServer;
    let interactions: Interactions;
    let cache: Cache;

    /** A core whose answers are kept here; `fail` stands for a bus that cannot deliver the n-th part. */
    const core = (
      options: { engine?: Engine; fail?: (part: LlmResponse, sent: number) => Error | undefined } = {},
    ) => {
      const parts: LlmResponse[] = [];
      let sent = 0;
      const answering = createAnswering({
        async publish(_delivery, part) {
          sent += 1;
          const error = options.fail?.(part, sent);
          if (error !== undefined) throw error;
          parts.push(part);
        },
        engine: options.engine ?? createOfflineEngine(),
        interactions,
        cache,
      });
      return { ...answering, parts };
    };
    const rows = (delivery: Delivery<LlmRequest>) =>
      query<Record<string, unknown>>(
        database.url,
        'select * from qcs_quantum.interactions where event_id = $1',
        [delivery.event.id],
      );
    const textOf = (parts: LlmResponse[]) =>
      parts
        .flatMap((part) =>
          part.kind === 'chunk' ? part.choices.map(({ delta }) => delta.content ?? '') : [],
        )
        .join('');

    beforeAll(async () => {
      [database, redis] = await Promise.all([startPostgres(), startRedis()]);
      await migrate(database.url, MIGRATIONS);
      interactions = openInteractions({ url: database.url, log });
      cache = openCache({ url: redis.url, ttlSeconds: 60, log });
      await eventually('the cache is ready', () => cache.check(), { timeoutMs: 5000 });
    });
    afterAll(async () => {
      await interactions?.close();
      await cache?.close();
      await Promise.all([database?.stop(), redis?.stop()]);
    });

    it('answers an event again from its row, and adds no second one', async () => {
      const first = core();
      const delivery = deliver({ seed: 1 });
      await first.handle(delivery);
      const stranger: Engine = {
        ...createOfflineEngine(),
        // biome-ignore lint/correctness/useYield: it must not get that far.
        async *answer() {
          throw new Error('asked twice');
        },
      };
      const second = core({ engine: stranger });
      await second.handle({ ...delivery, again: true });
      const [before, after] = [first.parts.at(-1), second.parts.at(-1)];
      expect(after).toMatchObject({ kind: 'complete', index: 0 });
      expect({ ...after, answer: '' }).toEqual({ ...before, answer: '' });
      expect(await rows(delivery)).toMatchObject([
        { correlation_id: 'c-1', status: 'completed', cached: false, engine: OFFLINE },
      ]);
    });

    it('streams a stored answer to a redelivered event', async () => {
      const first = core();
      const delivery = deliver({ seed: 2, stream: true });
      await first.handle(delivery);
      const second = core();
      await second.handle({ ...delivery, again: true });
      expect(textOf(second.parts)).toBe(textOf(first.parts));
      expect(textOf(second.parts)).not.toBe('');
      expect(second.parts.map(({ index }) => index)).toEqual([0, 1]);
      expect(second.parts[0]?.answer).not.toBe(first.parts[0]?.answer);
      expect(await rows(delivery)).toHaveLength(1);
    });

    it('records a refusal too, and refuses again in the same words', async () => {
      const delivery = deliver({ tools: [{}] });
      const first = core();
      await first.handle(delivery);
      const second = core();
      await second.handle({ ...delivery, again: true });
      for (const { parts } of [first, second]) {
        expect(parts).toMatchObject([
          { kind: 'error', index: 0, error: { status: 400, code: 'unsupported_parameter' } },
        ]);
      }
      expect(await rows(delivery)).toMatchObject([{ status: 'failed', prompt_tokens: 0 }]);
    });

    it('takes the answer of the core that was faster with the same event', async () => {
      const delivery = deliver({ seed: 3 });
      const [one, two] = [core(), core()];
      await Promise.all([one.handle(delivery), two.handle({ ...delivery })]);
      const ids = [one, two].map(({ parts }) =>
        parts[0]?.kind === 'complete' ? parts[0].completion.id : '',
      );
      expect(ids[0]).toBe(ids[1]);
      expect(await rows(delivery)).toHaveLength(1);
    });

    it('sends only the last part again when that alone failed', async () => {
      let failures = 0;
      const failing = core({
        fail(part) {
          if (part.kind !== 'complete' || failures > 0) return undefined;
          failures += 1;
          return new Unroutable('gone');
        },
      });
      const delivery = deliver({ seed: 4, stream: true });
      await expect(failing.handle(delivery)).rejects.toBeInstanceOf(Unroutable);
      delivery.again = true;
      await failing.handle(delivery);
      expect(failing.parts.map(({ index }) => index)).toEqual(failing.parts.map((_, place) => place));
      expect(new Set(failing.parts.map(({ answer }) => answer)).size).toBe(1);
      expect(failing.parts.at(-1)?.kind).toBe('complete');
      expect(await rows(delivery)).toHaveLength(1);
    });

    it('begins anew, under another name, when a chunk could not be delivered, and stops the engine', async () => {
      let pulled = 0;
      const endless: Engine = {
        ...createOfflineEngine(),
        async *answer(_request, signal) {
          for (; !signal.aborted && pulled < 10_000; pulled += 1) {
            await new Promise((resolve) => setImmediate(resolve));
            yield { choices: [{ index: 0, delta: { content: 'x' } }] };
          }
        },
      };
      const failing = core({
        engine: endless,
        fail: (_, sent) => (sent === 3 ? new Unroutable('gone') : undefined),
      });
      const delivery = deliver({ seed: 5, stream: true });
      await expect(failing.handle(delivery)).rejects.toBeInstanceOf(Unroutable);
      expect(pulled).toBeLessThan(100);
      expect(await rows(delivery)).toHaveLength(0);
      expect(await failing.gaveUp(delivery, new Error('never'))).toBe('dead-letter');
      expect(failing.parts.at(-1)).toMatchObject({ kind: 'error', error: { status: 503 } });
    });

    it('lets an event rest whose answer is recorded but whose requester is gone', async () => {
      const lost = core({ fail: () => new Unroutable('gone') });
      const delivery = deliver({ seed: 6 });
      await expect(lost.handle(delivery)).rejects.toBeInstanceOf(Unroutable);
      expect(await lost.gaveUp(delivery, new Unroutable('gone'))).toBe('acknowledge');
      expect(await rows(delivery)).toHaveLength(1);
    });

    it('stops an engine that is still at work when the request expires', async () => {
      const slow: Engine = {
        ...createOfflineEngine(),
        async *answer(_request, signal) {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
        },
      };
      const late = core({ engine: slow });
      await late.handle(deliver({ seed: 7 }, { expiresAt: Date.now() + 50 }));
      expect(late.parts).toMatchObject([{ kind: 'error', error: { status: 504, code: 'timeout' } }]);
    });

    it('rejects when the database is away, and answers when it is back, without asking the engine twice', async () => {
      let asked = 0;
      const offline = createOfflineEngine();
      const counting: Engine = {
        ...offline,
        answer(request, signal) {
          asked += 1;
          return offline.answer(request, signal);
        },
      };
      const patient = core({ engine: counting });
      const delivery = deliver({ seed: 8 });
      await database.kill();
      await expect(patient.handle(delivery)).rejects.toThrow();
      await database.start();
      delivery.again = true;
      await patient.handle(delivery);
      expect(asked).toBe(1);
      expect(patient.parts).toMatchObject([{ kind: 'complete' }]);
      expect(await rows(delivery)).toHaveLength(1);
    });
  },
);
