import { fileURLToPath } from 'node:url';
import { type LlmRequest, type LlmResponse, llmRequest, llmResponse } from '@stack/contracts/llm';
import { type Delivery, Unroutable } from '@stack/runtime/bus';
import { type Database, openDatabase } from '@stack/runtime/database';
import { createLog } from '@stack/runtime/logging';
import { openRedis, type Cache as Redis } from '@stack/runtime/redis';
import { NO_TRACING } from '@stack/runtime/tracing';
import { migrate, postgresServer, query, startPostgres } from '@stack/testing/postgres';
import { redisServer, startRedis } from '@stack/testing/redis';
import { eventually, skipWithout, type TestServer } from '@stack/testing/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAnswering } from '../../src/answering/answering.ts';
import { type Cache, createCache } from '../../src/answering/cache.ts';
import { createCancellations } from '../../src/answering/cancellations.ts';
import { openConversations } from '../../src/answering/conversations.ts';
import { type Engine, failure } from '../../src/answering/engine.ts';
import { createEngineChain } from '../../src/answering/engine-chain.ts';
import { createOfflineEngine, OFFLINE } from '../../src/answering/engines/offline.ts';
import { type Interaction, type Interactions, openInteractions } from '../../src/answering/interactions.ts';

const MIGRATIONS = fileURLToPath(new URL('../../../../infrastructure/supabase/migrations', import.meta.url));
const log = createLog({ service: 'test', level: 'silent', destination: { write: () => {} } });

/** A refusal, for rows that need some outcome. */
const NOTHING = { status: 400, message: 'no', type: 'invalid_request_error', param: null, code: null };

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
  return { event, again: false, replyTo: 'somewhere', expiresAt: undefined, span: undefined, log, ...extra };
}

/** An engine as others are: what they say comes in pieces. */
const { answerAtOnce: _, ...another } = createOfflineEngine();

describe.skipIf(skipWithout([postgresServer, redisServer]))(
  'answering, with a real database and cache',
  () => {
    let database: TestServer;
    let redis: TestServer;
    let interactions: Interactions;
    let cache: Cache;
    let pool: Database;
    let connection: Redis;
    const cancellations = createCancellations();

    /** A core whose answers are kept here; `fail` stands for a bus that cannot deliver the n-th part. */
    const core = (
      options: { engines?: Engine[]; fail?: (part: LlmResponse, sent: number) => Error | undefined } = {},
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
        engines: createEngineChain({ engines: options.engines ?? [createOfflineEngine()], log }),
        interactions,
        conversations: openConversations(pool),
        cancellations,
        cache,
        prices: { [OFFLINE]: { prompt: 1, completion: 2 } },
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
      pool = openDatabase({ url: database.url, service: 'test', log, tracing: NO_TRACING });
      interactions = openInteractions(pool);
      connection = openRedis({ url: redis.url, log, tracing: NO_TRACING });
      cache = createCache({ redis: connection, ttlSeconds: 60, log });
      await eventually('the cache is ready', () => connection.check(), { timeoutMs: 5000 });
    });
    afterAll(async () => {
      await pool?.close();
      await connection?.close();
      await Promise.all([database?.stop(), redis?.stop()]);
    });

    it('answers an event again from its row, and adds no second one', async () => {
      const first = core();
      const delivery = deliver({ seed: 1 });
      await first.handle(delivery);
      const stranger: Engine = {
        ...another,
        // biome-ignore lint/correctness/useYield: it must not get that far.
        async *answer() {
          throw new Error('asked twice');
        },
      };
      const second = core({ engines: [stranger] });
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
        ...another,
        async *answer(_request, signal) {
          for (; !signal.aborted && pulled < 10_000; pulled += 1) {
            await new Promise((resolve) => setImmediate(resolve));
            yield { choices: [{ index: 0, delta: { content: 'x' } }] };
          }
        },
      };
      const failing = core({
        engines: [endless],
        fail: (_, sent) => (sent === 3 ? new Unroutable('gone') : undefined),
      });
      const delivery = deliver({ seed: 5, stream: true });
      await expect(failing.handle(delivery)).rejects.toBeInstanceOf(Unroutable);
      expect(pulled).toBeLessThan(100);
      expect(await rows(delivery)).toHaveLength(0);
      expect(await failing.gaveUp(delivery, new Error('never'))).toBe('dead-letter');
      expect(failing.parts.at(-1)).toMatchObject({ kind: 'error', error: { status: 503 } });
    });

    it('tells why, under the number that is awaited, when the engine says what cannot be published', async () => {
      const odd: Engine = {
        ...another,
        async *answer() {
          for (const finish_reason of [null, '', null]) {
            yield { choices: [{ index: 0, delta: { content: 'x' }, finish_reason }] };
            await new Promise((resolve) => setImmediate(resolve));
          }
        },
      };
      const failing = core({
        engines: [odd],
        fail(part) {
          try {
            llmResponse.encode(llmResponse.create(part, { source: 'test', correlationid: 'c' }));
            return undefined;
          } catch (error) {
            return error as Error;
          }
        },
      });
      await failing.handle(deliver({ seed: 28, stream: true }));
      expect(failing.parts).toMatchObject([
        { index: 0, kind: 'chunk' },
        { index: 1, kind: 'error', error: { status: 502, code: 'bad_engine_answer' } },
      ]);
      expect(failing.parts.at(-1)).toMatchObject({
        error: { message: expect.stringContaining('/data/choices/0') },
      });
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
        ...another,
        async *answer(_request, signal) {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
        },
      };
      const late = core({ engines: [slow] });
      await late.handle(deliver({ seed: 7 }, { expiresAt: Date.now() + 50 }));
      expect(late.parts).toMatchObject([{ kind: 'error', error: { status: 504, code: 'timeout' } }]);
    });

    const keyed = (request: Partial<LlmRequest>, idempotencykey: string, consumer = 'app') => {
      const delivery = deliver(request);
      return { ...delivery, event: { ...delivery.event, idempotencykey, consumer } };
    };

    it('answers two events of one idempotency key once, each consumer for itself', async () => {
      const [one, two, other] = [core(), core(), core()];
      await one.handle(keyed({ seed: 20 }, 'k-1'));
      await two.handle(keyed({ seed: 20 }, 'k-1'));
      await other.handle(keyed({ seed: 20 }, 'k-1', 'somebody-else'));
      const ids = [one, two, other].map(({ parts }) =>
        parts[0]?.kind === 'complete' ? parts[0].completion.id : undefined,
      );
      expect(ids[0]).toBeDefined();
      expect(ids[1]).toBe(ids[0]);
      expect(ids[2]).not.toBe(ids[0]);
    });

    it('refuses a key that was used for another question', async () => {
      const another = core();
      await core().handle(keyed({ seed: 21 }, 'k-2'));
      await another.handle(keyed({ seed: 22 }, 'k-2'));
      expect(another.parts).toMatchObject([
        { kind: 'error', error: { status: 422, code: 'idempotency_key_reused' } },
      ]);
    });

    it('gives two that come at once under one key the same answer', async () => {
      const [one, two] = [core(), core()];
      await Promise.all([one.handle(keyed({ seed: 23 }, 'k-3')), two.handle(keyed({ seed: 23 }, 'k-3'))]);
      const ids = [one, two].map(({ parts }) =>
        parts[0]?.kind === 'complete' ? parts[0].completion.id : undefined,
      );
      expect(ids[0]).toBeDefined();
      expect(ids[1]).toBe(ids[0]);
    });

    const broken = (name: string): Engine => ({
      name,
      models: async () => [{ id: OFFLINE, created: 0, owned_by: name }],
      // biome-ignore lint/correctness/useYield: it never gets that far.
      async *answer() {
        throw failure(502, 'The engine cannot be reached.', 'engine_unreachable');
      },
    });

    it('does not bind a key to a failure that may pass', async () => {
      const failing = core({ engines: [broken('a')] });
      await failing.handle(keyed({ seed: 24 }, 'k-4'));
      expect(failing.parts).toMatchObject([{ kind: 'error', error: { status: 502 } }]);
      const again = core();
      await again.handle(keyed({ seed: 24 }, 'k-4'));
      expect(again.parts).toMatchObject([{ kind: 'complete' }]);
    });

    it('asks the next engine when one is away, and says who has answered', async () => {
      const falling = core({ engines: [broken('a'), createOfflineEngine()] });
      const delivery = deliver({ seed: 25, stream: true });
      await falling.handle(delivery);
      expect(falling.parts.map(({ index }) => index)).toEqual(falling.parts.map((_, place) => place));
      expect(falling.parts.at(-1)).toMatchObject({ kind: 'complete', completion: { engine: OFFLINE } });
      expect(await rows(delivery)).toMatchObject([{ engine: OFFLINE, status: 'completed' }]);
    });

    it('does not join two engines in one stream', async () => {
      const halfway: Engine = {
        ...broken('a'),
        async *answer() {
          yield { choices: [{ index: 0, delta: { role: 'assistant', content: 'Half' } }] };
          throw failure(502, 'The engine broke off.', 'engine_broke_off');
        },
      };
      const streamed = core({ engines: [halfway, createOfflineEngine()] });
      await streamed.handle(deliver({ seed: 26, stream: true }));
      expect(streamed.parts).toMatchObject([{ kind: 'chunk' }, { kind: 'error', error: { status: 502 } }]);
      // Of an answer that is not streamed nothing is out yet.
      const plain = core({ engines: [halfway, createOfflineEngine()] });
      await plain.handle(deliver({ seed: 27 }));
      expect(plain.parts).toMatchObject([{ kind: 'complete', completion: { engine: OFFLINE } }]);
    });

    it('stops when the client has left, also before it has begun', async () => {
      let begun = false;
      let ended = false;
      const slow: Engine = {
        ...another,
        async *answer(_request, signal) {
          begun = true;
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          ended = true;
          signal.throwIfAborted();
        },
      };
      const leaving = core({ engines: [slow] });
      const delivery = deliver({ seed: 28 });
      const working = leaving.handle(delivery);
      await eventually('it works', async () => expect(begun).toBe(true), { timeoutMs: 5000, everyMs: 5 });
      cancellations.cancel(delivery.event.id);
      await working;
      expect(ended).toBe(true);
      expect(leaving.parts).toMatchObject([{ kind: 'error', error: { status: 499, code: 'client_gone' } }]);
      const queued = deliver({ seed: 29 });
      cancellations.cancel(queued.event.id);
      const late = core({ engines: [slow] });
      await late.handle(queued);
      expect(late.parts).toMatchObject([{ kind: 'error', error: { status: 499 } }]);
    });

    it('remembers a conversation of its consumer, and how much it stays the same', async () => {
      const turn = async (content: string, consumer: string) => {
        const talking = core();
        const delivery = deliver({
          messages: [
            { role: 'system', content: 'Be brief.' },
            { role: 'user', content },
          ],
          metadata: { conversation_id: 'talk' },
        });
        const event = { ...delivery.event, consumer };
        await talking.handle({ ...delivery, event });
        // A second delivery adds nothing to the conversation.
        await core().handle({ ...delivery, event, again: true });
        const [row] = await rows(delivery);
        const text =
          talking.parts[0]?.kind === 'complete' ? talking.parts[0].choices?.[0]?.message.content : '';
        return { text, state: row?.state as Record<string, number | null>, cost: Number(row?.cost_usd) };
      };
      const first = await turn('The ferry leaves at nine.', 'anna');
      const second = await turn('When does the ferry leave?', 'anna');
      const stranger = await turn('When does the ferry leave?', 'bert');
      expect(second.text).toContain('The ferry leaves at nine.');
      expect(stranger.text).not.toContain('nine');
      expect(first.state).toMatchObject({ resonance: null, purity: expect.any(Number) });
      expect(second.state.resonance).toBeGreaterThan(0);
      expect(second.state.resonance).toBeLessThanOrEqual(1);
      expect(second.state.entropy).toBeGreaterThan(0);
      expect(second.cost).toBeGreaterThan(0);
      const turns = await query<{ count: string }>(
        database.url,
        `select count(*) from qcs_quantum.turns where consumer = 'anna' and conversation_id = 'talk'`,
      );
      expect(Number(turns[0]?.count)).toBe(4);
    });

    describe('rows that are added at the same time', () => {
      const interaction = (eventId: string, more: Partial<Interaction> = {}): Interaction => ({
        eventId,
        consumer: 'together',
        idempotencyKey: undefined,
        correlationId: 'c-together',
        engine: OFFLINE,
        model: OFFLINE,
        // What only a column of text holds as it is.
        request: { model: OFFLINE, messages: [{ role: 'user', content: '{"a\\ü\u0000\ud800,NULL}' }] },
        outcome: { status: 'failed', error: { ...NOTHING, message: `of ${eventId}` } },
        latencyMs: 3,
        cost: 0.0000001,
        state: undefined,
        ...more,
      });
      const added = (ids: string[]) =>
        query<{ event_id: string; response: Interaction['outcome']; request: LlmRequest; commit: string }>(
          database.url,
          `select event_id, request, response, xmin::text as commit from qcs_quantum.interactions
           where event_id = any ($1) order by id`,
          [ids],
        );

      it('share a commit, each in a row of its own', async () => {
        const ids = Array.from({ length: 40 }, (_, index) => `together-${index}`);
        expect(await Promise.all(ids.map((id) => interactions.add(interaction(id))))).toEqual(
          ids.map(() => true),
        );
        const found = await added(ids);
        expect(found.map(({ event_id }) => event_id)).toEqual(ids);
        expect(found.map(({ response }) => response)).toEqual(ids.map((id) => interaction(id).outcome));
        expect(new Set(found.map(({ request }) => JSON.stringify(request)))).toEqual(
          new Set([JSON.stringify(interaction('any').request)]),
        );
        // Nobody waits for the first; all that have come meanwhile are written together.
        expect(new Set(found.map(({ commit }) => commit)).size).toBe(2);
      });

      it('are told which of them were there before, also among themselves', async () => {
        const [first, second, third] = ['twice-0', 'twice-1', 'twice-2'];
        const all = [
          interaction(first),
          interaction(second, { idempotencyKey: 'one key' }),
          interaction(second, { latencyMs: 4 }),
          interaction(third, { idempotencyKey: 'one key' }),
          interaction(first),
        ].map((each) => ({ ...each, outcome: { status: 'failed' as const, error: NOTHING } }));
        expect(await Promise.all(all.map((each) => interactions.add(each)))).toEqual([
          true,
          true,
          false,
          false,
          false,
        ]);
        expect((await added([first, second, third])).map(({ event_id }) => event_id)).toEqual([
          first,
          second,
        ]);
      });

      it('do not fail for one that the database refuses', async () => {
        const all = ['well-0', 'well-1', 'bad\u0000', 'well-2'].map((id) =>
          interactions.add(interaction(id)),
        );
        const settled = await Promise.allSettled(all);
        expect(settled.map(({ status }) => status)).toEqual([
          'fulfilled',
          'fulfilled',
          'rejected',
          'fulfilled',
        ]);
        expect(await added(['well-0', 'well-1', 'well-2'])).toHaveLength(3);
      });
    });

    it('rejects when the database is away, and answers when it is back, without asking the engine twice', async () => {
      let asked = 0;
      const offline = createOfflineEngine();
      const counting: Engine = {
        ...offline,
        async answerAtOnce(request) {
          asked += 1;
          return offline.answerAtOnce(request);
        },
      };
      const patient = core({ engines: [counting] });
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
