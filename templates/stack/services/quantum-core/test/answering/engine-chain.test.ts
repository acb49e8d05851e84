import type { LlmRequest } from '@stack/contracts/llm';
import { createLog } from '@stack/runtime/logging';
import { describe, expect, it } from 'vitest';
import { type Engine, EngineError, failure, refusal } from '../../src/answering/engine.ts';
import { AUTO, createEngineChain } from '../../src/answering/engine-chain.ts';

const log = createLog({ service: 'test', level: 'silent', destination: { write: () => {} } });
const request: LlmRequest = { model: 'm', messages: [{ role: 'user', content: 'x' }] };
const nobody = new AbortController().signal;

/** An engine whose state the test sets. */
function engine(name: string, models: string[]) {
  const state = { models, error: undefined as EngineError | undefined, away: false, asked: 0 };
  const made: Engine = {
    name,
    models: async () => {
      if (state.away) throw failure(502, 'away', 'engine_unreachable');
      return state.models.map((id) => ({ id, created: 0, owned_by: name }));
    },
    async *answer() {
      state.asked += 1;
      if (state.error !== undefined) throw state.error;
      yield { choices: [{ index: 0, delta: { content: name } }] };
    },
  };
  return { state, engine: made };
}

describe('the chain of engines', () => {
  it('has the whole answer at once of an engine that computes it, by the name of its model', async () => {
    const failures: string[] = [];
    const one: Engine = {
      ...engine('a', ['x']).engine,
      async answerAtOnce({ model }) {
        if (failures.length > 0) throw new TypeError('broken');
        return { choices: [{ index: 0, delta: { content: model } }] };
      },
    };
    const others = [one, engine('b', ['y']).engine];
    const chain = createEngineChain({ engines: others, log, onFailure: (name) => failures.push(name) });
    const [candidate, other] = await chain.candidates(AUTO);
    expect(await candidate?.answerAtOnce?.(request)).toEqual({
      choices: [{ index: 0, delta: { content: 'x' } }],
    });
    expect(other?.answerAtOnce).toBeUndefined();
    failures.push('b');
    await expect(candidate?.answerAtOnce?.(request)).rejects.toBeInstanceOf(EngineError);
    expect(failures).toEqual(['b', 'a']);
  });

  it('offers what all have, each once, and a name for whoever is first', async () => {
    const [a, b] = [engine('a', ['x', 'shared']), engine('b', ['shared', 'y'])];
    const chain = createEngineChain({ engines: [a.engine, b.engine], log });
    expect((await chain.models()).map(({ id }) => id)).toEqual([AUTO, 'x', 'shared', 'y']);
    const named = async (model: string) =>
      (await chain.candidates(model)).map(({ engine, model: there }) => `${engine}:${there}`);
    expect(await named('shared')).toEqual(['a:shared', 'b:shared']);
    expect(await named('y')).toEqual(['b:y']);
    expect(await named(AUTO)).toEqual(['a:x', 'b:shared']);
    await expect(chain.candidates('none')).rejects.toMatchObject({
      error: { status: 404, code: 'model_not_found' },
    });
    const single = createEngineChain({ engines: [a.engine], log });
    expect((await single.models()).map(({ id }) => id)).toEqual(['x', 'shared']);
    await expect(single.candidates(AUTO)).rejects.toMatchObject({ error: { status: 404 } });
  });

  it('remembers what an engine offered that is away now, and does not call unknown what it cannot ask for', async () => {
    const [a, b] = [engine('a', ['x']), engine('b', ['y'])];
    const chain = createEngineChain({ engines: [a.engine, b.engine], log });
    await chain.models();
    a.state.away = true;
    expect(await chain.candidates('x')).toHaveLength(1);
    const fresh = createEngineChain({ engines: [a.engine, b.engine], log });
    await expect(fresh.candidates('x')).rejects.toMatchObject({
      error: { status: 502, code: 'engine_unreachable' },
    });
    expect((await fresh.models()).map(({ id }) => id)).toEqual([AUTO, 'y']);
    const alone = createEngineChain({ engines: [a.engine], log });
    await expect(alone.models()).rejects.toBeInstanceOf(EngineError);
  });

  it('leaves an engine alone that fails again and again, until it is tried and found well', async () => {
    const a = engine('a', ['m']);
    const failed: string[] = [];
    const chain = createEngineChain({
      engines: [a.engine],
      log,
      breaker: { failures: 2, openMs: 30 },
      onFailure: (name) => failed.push(name),
    });
    const [candidate] = await chain.candidates('m');
    if (candidate === undefined) throw new Error('no candidate');
    const ask = () => candidate.answer(request, nobody, () => {});
    a.state.error = failure(502, 'broken', 'engine_broke_off');
    for (let i = 0; i < 2; i += 1)
      await expect(ask()).rejects.toMatchObject({ error: { code: 'engine_broke_off' } });
    await expect(ask()).rejects.toMatchObject({ error: { status: 503, code: 'engine_left_alone' } });
    expect(a.state.asked).toBe(2);
    expect(failed).toEqual(['a', 'a']);
    a.state.error = undefined;
    let well = false;
    while (!well) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      well = await ask().then(
        () => true,
        () => false,
      );
    }
    expect(a.state.asked).toBe(3);
  });

  it('does not hold a refusal against an engine', async () => {
    const a = engine('a', ['m']);
    const chain = createEngineChain({ engines: [a.engine], log, breaker: { failures: 1, openMs: 60_000 } });
    const [candidate] = await chain.candidates('m');
    if (candidate === undefined) throw new Error('no candidate');
    a.state.error = refusal('no', 'n', 'unsupported_value');
    for (let i = 0; i < 3; i += 1)
      await expect(candidate.answer(request, nobody, () => {})).rejects.toMatchObject({
        error: { status: 400 },
      });
    expect(a.state.asked).toBe(3);
  });

  it.each([
    ['an answer that went wrong', failure(502, 'said so', 'engine_failed', { fault: 'answer' })],
    [
      'a limit',
      new EngineError(
        { status: 429, message: 'slow', type: 't', param: null, code: null },
        { fault: 'answer' },
      ),
    ],
    ['what cannot be read', new SyntaxError('Unexpected token')],
  ])('does not hold %s against an engine, and says what it was', async (_name, error) => {
    const a = engine('a', ['m']);
    const failed: string[] = [];
    const chain = createEngineChain({
      engines: [a.engine],
      log,
      breaker: { failures: 1, openMs: 60_000 },
      onFailure: (name) => failed.push(name),
    });
    const [candidate] = await chain.candidates('m');
    a.state.error = error as EngineError;
    for (let i = 0; i < 3; i += 1)
      await expect(candidate?.answer(request, nobody, () => {})).rejects.toMatchObject({
        fault: 'answer',
        ...(error instanceof EngineError ? { message: error.message } : { cause: error }),
      });
    expect([a.state.asked, failed]).toEqual([3, ['a', 'a', 'a']]);
  });

  it('leaves only the model alone that fails, and tells why', async () => {
    const a = engine('a', ['m', 'other']);
    const chain = createEngineChain({ engines: [a.engine], log, breaker: { failures: 1, openMs: 60_000 } });
    const ask = async (model: string) =>
      (await chain.candidates(model))[0]?.answer(request, nobody, () => {});
    a.state.error = failure(502, 'out of memory', 'engine_failed');
    await expect(ask('m')).rejects.toMatchObject({ message: 'out of memory' });
    a.state.error = undefined;
    await expect(ask('m')).rejects.toMatchObject({
      error: { status: 503, code: 'engine_left_alone', message: expect.stringContaining('out of memory') },
    });
    await ask('other');
  });

  it('passes on what the taker throws, and why the answer was stopped', async () => {
    const a = engine('a', ['m']);
    const chain = createEngineChain({ engines: [a.engine], log, breaker: { failures: 1, openMs: 60_000 } });
    const [candidate] = await chain.candidates('m');
    const full = new Error('full');
    const take = () => {
      throw full;
    };
    await expect(candidate?.answer(request, nobody, take)).rejects.toBe(full);
    a.state.error = new TypeError('terminated') as unknown as EngineError;
    await expect(candidate?.answer(request, AbortSignal.abort(full), () => {})).rejects.toBe(full);
  });
});
