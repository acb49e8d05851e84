import type { LlmRequest, LlmResponse } from '@stack/contracts/llm';
import type { Delivery } from '@stack/runtime/bus';
import { describe, expect, it } from 'vitest';
import { createSend, newWork, restart } from '../../src/answering/work.ts';

const delivery = {} as Delivery<LlmRequest>;
const chunk = {
  kind: 'chunk' as const,
  completion: { id: 'c', created: 1, model: 'm', engine: 'e', cached: false },
  choices: [],
};
const error = { status: 502, message: 'x', type: 'server_error', param: null, code: null };

describe('createSend', () => {
  it('gives the number of a part again that was not published, so that whoever waits gets the next one', async () => {
    const published: number[] = [];
    const send = createSend(async (_delivery, part: LlmResponse) => {
      if (part.kind === 'chunk' && part.index === 1) throw new Error('invalid');
      published.push(part.index);
    });
    const work = newWork();
    const sent = await Promise.allSettled([0, 1, 2].map(() => send(delivery, work, chunk)));
    expect(sent.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await send(delivery, work, { kind: 'error', error });
    expect(published).toEqual([0, 2, 1]);
  });

  it('leaves the numbers of a new try as they are', async () => {
    let fail: (reason: Error) => void = () => {};
    const send = createSend(
      () =>
        new Promise((resolve, reject) => {
          fail = reject;
          setImmediate(resolve);
        }),
    );
    const work = newWork();
    const first = send(delivery, work, chunk);
    const failFirst = fail;
    restart(work);
    await send(delivery, work, chunk);
    failFirst(new Error('too late'));
    await first.catch(() => {});
    expect(work.index).toBe(1);
  });
});
