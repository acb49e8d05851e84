import { AnswerInterrupted, type AnswerPart } from '@stack/runtime/bus';
import { compileEventTypes } from '@stack/runtime/events';
import { createLog } from '@stack/runtime/logging';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Requester } from '../../src/bus/requester.ts';

const answer = compileEventTypes({
  answer: { $id: 'urn:qbtc:event:answer:1', type: 'object', required: ['kind', 'index', 'answer'] },
})<AnswerPart>('answer');
const log = createLog({ service: 'test', level: 'silent', destination: { write: () => {} } });

function awaiting() {
  const requester = new Requester({ service: 'test', exchange: 'replies', log });
  const parts = requester.await({ requestId: 'r', correlationId: 'c', type: answer, deadlineMs: 5000 });
  const arrive = (data: AnswerPart, correlationid = 'c', causationid = 'r') =>
    requester.take(
      Buffer.from(JSON.stringify(answer.create(data, { source: 's', correlationid, causationid }))),
    );
  return { requester, parts, arrive };
}

const chunk = (index: number, tryId = 'one'): AnswerPart => ({ kind: 'chunk', index, answer: tryId });

describe('Requester', () => {
  it('gives the parts in order and once, in whatever order and however often they arrive', async () => {
    const arrivals = fc.integer({ min: 1, max: 12 }).chain((length) =>
      fc.record({
        length: fc.constant(length),
        order: fc.shuffledSubarray([...Array(length).keys(), ...Array(length).keys()], {
          minLength: 2 * length,
        }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(arrivals, async ({ length, order }) => {
        const { requester, parts, arrive } = awaiting();
        for (const index of order)
          arrive({ ...chunk(index), kind: index === length - 1 ? 'complete' : 'chunk' });
        const seen = [];
        for await (const part of parts) seen.push(part.data.index);
        expect(seen).toEqual([...Array(length).keys()]);
        expect(requester.pending).toBe(0);
      }),
    );
  });

  it('drops what belongs to another request, shares only the correlation id, or is not an event', async () => {
    const { requester, parts, arrive } = awaiting();
    arrive(chunk(0), 'c', 'other');
    arrive(chunk(0), 'other', 'r');
    requester.take(Buffer.from('not json'));
    requester.take(Buffer.from('null'));
    arrive({ kind: 'complete', index: 0, answer: 'mine' });
    const { value } = await parts.next();
    expect(value?.data).toEqual({ kind: 'complete', index: 0, answer: 'mine' });
  });

  it('follows a new try as long as nothing was handed out, and no further', async () => {
    const { parts, arrive } = awaiting();
    arrive(chunk(1, 'one'));
    arrive(chunk(0, 'two'));
    expect((await parts.next()).value?.data).toEqual(chunk(0, 'two'));
    // A straggler of the try that was given up is no reason to end.
    arrive(chunk(3, 'one'));
    arrive(chunk(1, 'two'));
    expect((await parts.next()).value?.data).toEqual(chunk(1, 'two'));
    arrive(chunk(0, 'three'));
    await expect(parts.next()).rejects.toBeInstanceOf(AnswerInterrupted);
  });

  it('ends every waiting request when it closes', async () => {
    const { requester, parts } = awaiting();
    requester.close(new Error('over'));
    await expect(parts.next()).rejects.toThrow('over');
    expect(requester.pending).toBe(0);
  });
});
