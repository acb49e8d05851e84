import { expect, test } from 'vitest';
import { presentLines as presentOf } from '../../src/observe/present-lines.ts';
import { readLog } from '../support/log-lines.ts';

const presentLines = (lines: string[], since: number | undefined) =>
  presentOf(readLog('api', lines), since).map(({ raw }) => raw);
const startedAt = Date.parse('2030-01-01T00:01:00.000Z');
const old = '{"timestamp":"2030-01-01T00:00:58.000Z","message":"about to fail"}';
const young = '{"timestamp":"2030-01-01T00:01:00.200Z","message":"ready"}';
const trace = ['Error: crash', '    at main.ts:1'];

test.each([
  { what: 'a trace before the start is the predecessor’s', lines: [old, ...trace, young], kept: [young] },
  { what: 'a trace with nothing before it, too', lines: [...trace, young], kept: [young] },
  { what: 'a plain line after the start counts', lines: [old, young, 'oops'], kept: [young, 'oops'] },
  { what: 'a log without any time counts whole', lines: ['a', 'b'], kept: ['a', 'b'] },
  { what: 'plain lines with none of the present process behind them count', lines: [old, 'a'], kept: ['a'] },
  { what: 'a line from just before the health document was made counts', lines: [young], kept: [young] },
])('$what', ({ lines, kept }) => {
  expect(presentLines(lines, startedAt)).toEqual(kept);
});

test('without a start all lines count', () => {
  expect(presentLines([old, ...trace, young], undefined)).toEqual([old, ...trace, young]);
});
