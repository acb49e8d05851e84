import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatEnv, parseEnv } from '../../../src/infra/containers/env-file.ts';

const name = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,12}$/);

test('whatever is written is read again', () => {
  fc.assert(
    fc.property(fc.dictionary(name, fc.string({ unit: 'binary' })), (values) => {
      expect(parseEnv(formatEnv(values))).toEqual({ ...values });
    }),
  );
});

test.each([
  ['A=plain', 'plain'],
  ['A=plain # with a remark', 'plain'],
  ["A='# and $ are themselves'", '# and $ are themselves'],
  ['export A="two\\nlines"', 'two\nlines'],
  ['  A=', ''],
])('%s', (text, value) => {
  expect(parseEnv(`# a remark\n\n${text}\n`)).toEqual({ A: value });
});

test('plain values stand in single quotes, in which compose takes everything as it is', () => {
  expect(formatEnv({ URL: 'amqp://a:b$c@host/v' })).toBe("URL='amqp://a:b$c@host/v'\n");
  expect(formatEnv({ TEXT: "it's $5" })).toBe('TEXT="it\'s \\$5"\n');
});
