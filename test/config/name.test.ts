import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { freeName, stackNameProblem, suggestStackName } from '../../src/config/name.ts';

describe('the name of a stack', () => {
  test.each(['a', 'acme', 'my-shop-2', 'x'.repeat(40)])('%s is fine', (name) => {
    expect(stackNameProblem(name)).toBeUndefined();
  });

  test.each([
    '',
    'Acme',
    'my shop',
    '2fast',
    'a--b',
    '-a',
    'a-',
    'a_b',
    'größe',
    'x'.repeat(41),
    '../a',
  ])('"%s" is not', (name) => {
    expect(stackNameProblem(name)).toContain('lower-case letters');
  });

  test.each(['postgres', 'guest', 'nul', 'com1', 'pg-shop'])('%s is taken', (name) => {
    expect(stackNameProblem(name)).toMatch(/reserved|PostgreSQL/);
  });

  test.each([
    ['My Shop', 'my-shop'],
    ['Größe 2', 'grosse-2'],
    ['Ünïcode', 'unicode'],
    ['2fast', 'stack-2fast'],
    ['postgres', 'my-postgres'],
    ['日本', 'stack'],
    ['', 'stack'],
  ])('"%s" suggests %s', (name, suggestion) => {
    expect(suggestStackName(name)).toBe(suggestion);
  });

  test('whatever was typed, the suggestion is valid', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (name) => {
        expect(stackNameProblem(suggestStackName(name))).toBeUndefined();
      }),
    );
  });
});

test('a name that is taken gets the first number that makes it free', () => {
  expect(freeName('api', () => false)).toBe('api');
  expect(freeName('api', (name) => ['api', 'api-2', 'api-4'].includes(name))).toBe('api-3');
});
