import { reasonOf } from '@stack/runtime/errors';
import { expect, it } from 'vitest';

it.each([
  [new Error('plain'), 'plain'],
  [
    new Error('fetch failed', { cause: new Error('connect ECONNREFUSED') }),
    'fetch failed: connect ECONNREFUSED',
  ],
  [new Error('a: b', { cause: new Error('b') }), 'a: b'],
  [
    new AggregateError([new Error('connect ::1'), new Error('connect 127.0.0.1')]),
    'connect ::1; connect 127.0.0.1',
  ],
  [Object.assign(new Error(''), { code: 'ECONNRESET' }), 'ECONNRESET'],
  [new RangeError(''), 'RangeError'],
  ['text', 'text'],
  [{ code: 7 }, '{"code":7}'],
  [undefined, 'undefined'],
])('tells why: %s', (error, reason) => {
  expect(reasonOf(error)).toBe(reason);
});

it('tells why of errors that are their own cause or part, and of values that JSON does not know', () => {
  const itself = new Error('round');
  itself.cause = itself;
  expect(reasonOf(itself)).toBe('round');

  const part = new Error('part');
  const whole = new AggregateError([part], '');
  part.cause = whole;
  whole.errors.push(whole);
  expect(reasonOf(whole)).toBe('part');
  expect(reasonOf(part)).toBe('part: AggregateError');

  const loop: Record<string, unknown> = { count: 1n };
  loop.self = loop;
  expect(reasonOf(loop)).toContain('count: 1n');
});
