import type { Model } from '@stack/contracts/llm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Engine, failure } from '../../src/answering/engine.ts';
import { createOffers } from '../../src/answering/engine-offers.ts';

const models = (...ids: string[]): Model[] => ids.map((id) => ({ id, created: 0, owned_by: 'test' }));

/** An engine that says what the test has it say, and counts how often it was asked. */
function engine(say: () => Promise<Model[]>) {
  const asked = { count: 0 };
  const made: Engine = {
    name: 'test',
    models() {
      asked.count += 1;
      return say();
    },
    async *answer() {},
  };
  return { asked, offer: createOffers(made) };
}

describe('what an engine offers', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => void vi.useRealTimers());

  it('is asked for once by all who want to know, and again after ten seconds', async () => {
    const { asked, offer } = engine(async () => models('a'));
    const [one, two] = await Promise.all([offer(), offer()]);
    expect([one, two, await offer()]).toEqual([one, one, one]);
    expect(asked.count).toBe(1);
    vi.advanceTimersByTime(10_001);
    await offer();
    expect(asked.count).toBe(2);
  });

  it('is what it said last while it hangs: nobody waits for it', async () => {
    const say = vi.fn(async () => models('a'));
    const { offer } = engine(say);
    await offer();
    vi.advanceTimersByTime(10_001);
    say.mockReturnValue(new Promise(() => {}));
    expect(await offer()).toEqual({ models: models('a'), problem: undefined });
  });

  it('keeps what it said when it fails, says why, and asks again soon', async () => {
    const gone = failure(502, 'away', 'engine_unreachable');
    const say = vi.fn(async () => models('a'));
    const { asked, offer } = engine(say);
    await offer();
    vi.advanceTimersByTime(10_001);
    say.mockRejectedValue(gone);
    await offer();
    await new Promise((resolve) => setImmediate(resolve));
    expect(await offer()).toEqual({ models: models('a'), problem: gone });
    expect(asked.count).toBe(2);
    say.mockResolvedValue(models('b'));
    vi.advanceTimersByTime(2_001);
    await offer();
    await new Promise((resolve) => setImmediate(resolve));
    expect((await offer()).models).toEqual(models('b'));
  });

  it('is nothing, with the reason, where it never could be asked', async () => {
    const gone = failure(502, 'away', 'engine_unreachable');
    const { offer } = engine(() => Promise.reject(gone));
    expect(await offer()).toEqual({ models: [], problem: gone });
  });
});
