import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatEnv, parseEnv } from '../../src/config/dotenv.ts';
import { anyCharacter } from '../support/any-text.ts';
import { DOTENV_TABLE } from './dotenv-table.ts';

const name = fc.constantFrom('A', 'PASSWORD', 'DATABASE_URL', '_', 'X9');

test('whatever is written is read again', () => {
  fc.assert(
    fc.property(fc.dictionary(name, fc.string({ unit: anyCharacter }), { maxKeys: 4 }), (values) => {
      expect(parseEnv(formatEnv(values), '.env')).toEqual({ ...values });
    }),
  );
  // The characters that mean something, close together.
  const hard = fc.string({
    unit: fc.constantFrom('\\', '"', "'", '$', '{', '}', '#', ' ', '\n', '\r', 'n', '0', '1'),
  });
  fc.assert(
    fc.property(fc.dictionary(name, hard, { maxKeys: 4 }), (values) => {
      expect(parseEnv(formatEnv(values), '.env')).toEqual({ ...values });
    }),
  );
});

test('plain values stand in single quotes, in which compose takes everything as it is', () => {
  expect(formatEnv({ URL: 'amqp://a:b$c@host/v' })).toBe("URL='amqp://a:b$c@host/v'\n");
  expect(formatEnv({ TEXT: "it's $5" })).toBe('TEXT="it\'s \\$5"\n');
});

describe('is read as compose does', () => {
  test.each(DOTENV_TABLE)('%j', (text, values) => {
    expect(parseEnv(text, '.env', (name) => ({ ME: 'YES' })[name])).toEqual(values);
  });
});

describe('is refused with its line, and without its value, when it says', () => {
  test.each<[string, number, string]>([
    ['lol$wut', 1, 'found "$", expected NAME=value'],
    ['A=1\n%x=foo', 2, 'found "%"'],
    ['A=1\nINVALID LINE\nfoo=bar', 2, 'found "L"'],
    ['="secret"', 1, 'found "=", expected NAME=value'],
    ['KEY="secret', 1, 'KEY: found no closing "'],
    ['KEY="secret\\"', 1, 'KEY: found no closing "'],
    ["KEY='secret\\'", 1, "KEY: found no closing '"],
    ['A=1\n\nKEY="se"cret"', 3, 'KEY: found text after the closing "'],
    ["KEY='it's secret'", 1, "KEY: found text after the closing '"],
    ['KEY="one\ntwo" secret', 2, 'KEY: found text after the closing "'],
    ['KEY= # secret', 1, 'KEY: found # after the spaces'],
    ['KEY=secret$word', 1, 'KEY: found $word, which is not set, expected ${word:-}'],
    ['KEY="secret${word}"', 1, 'KEY: found $word, which is not set'],
    ['KEY=secret${', 1, 'KEY: found ${ that begins no reference'],
    ['KEY=${word:?must be there}', 1, 'KEY: word is not set: must be there'],
  ])('%j', (text, line, says) => {
    expect(() => parseEnv(text, '.env')).toThrow(
      expect.objectContaining({
        code: 'ENV_INVALID',
        details: [expect.stringContaining(`.env:${line}: ${says}`)],
      }),
    );
    try {
      parseEnv(text, '.env');
    } catch (error) {
      expect(JSON.stringify(error)).not.toContain('secret');
    }
  });

  test('several things, all at once', () => {
    expect(() => parseEnv('A\nB C\nD=$E\nF="x"y\n', '.env')).toThrow(
      expect.objectContaining({ message: '.env has 3 mistakes' }),
    );
  });
});
