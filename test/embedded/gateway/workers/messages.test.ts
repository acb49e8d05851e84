import { describe, expect, it } from 'vitest';
import { dispatch, type Handlers } from '../../../../src/embedded/gateway/workers/messages.ts';

type Said = { kind: 'one'; value: number } | { kind: 'two'; text: string };

describe('a message', () => {
  const taken: unknown[] = [];
  const handlers: Handlers<Said> = {
    one: ({ value }) => taken.push(value),
    two: ({ text }, socket) => taken.push([text, socket]),
  };

  it('goes to who takes its kind, with what came with it', () => {
    dispatch(handlers, { kind: 'one', value: 1 });
    dispatch(handlers, { kind: 'two', text: 'x' });
    expect(taken.splice(0)).toEqual([1, ['x', undefined]]);
  });

  it('of no known kind is left alone', () => {
    for (const kind of ['three', '__proto__', 'constructor', 'toString', undefined])
      dispatch(handlers, { kind } as unknown as Said);
    expect(taken).toEqual([]);
  });
});
