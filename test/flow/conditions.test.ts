import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { conditionSchema, jsonMismatches, mismatch } from '../../src/flow/conditions.ts';
import { type JsonValue, numberOf } from '../../src/json.ts';

describe('a condition', () => {
  test.each([
    [200, 200],
    ['abc', { matches: '^a', contains: 'bc', type: 'string' }],
    [7, { greater_than: 6, at_least: 7, less_than: 8, at_most: 7, type: 'integer' }],
    [1.5, { type: 'number' }],
    [null, { type: 'null' }],
    [null, null],
    [[1], { type: 'array', equals: [1] }],
    [{ a: 1 }, { type: 'object', contains: '"a"' }],
    [404, { not_one_of: [200, 201] }],
    [404, { one_of: [404], not_equals: 200 }],
    [undefined, { exists: false }],
    ['', { exists: true }],
    [
      numberOf('9007199254740993'),
      { equals: numberOf('9007199254740993'), greater_than: 9_007_199_254_740_992, type: 'integer' },
    ],
    [numberOf('9007199254740993'), numberOf('9007199254740993')],
    [2, { at_least: 1n, less_than: numberOf('2.00000000000000000001'), type: 'number' }],
    [
      numberOf('0.12345678901234567891'),
      { type: 'number', not_equals: 0.12345678901234568, matches: '891$' },
    ],
  ] as const)('%o fulfils %o', (actual, condition) => {
    expect(mismatch('x', actual as JsonValue, conditionSchema.parse(condition))).toBeUndefined();
  });

  test.each([
    [504, 200, 'x is 504, expected 200'],
    ['7', { greater_than: 6 }, 'x is "7", expected greater than 6'],
    [1.5, { type: 'integer' }, 'x is 1.5, expected of the type "integer"'],
    [[], { type: 'object' }, 'x is [], expected of the type "object"'],
    ['b', { matches: '^a' }, 'x is "b", expected a match of "^a"'],
    [undefined, { type: 'string' }, 'x is missing, expected of the type "string"'],
    [undefined, { exists: true }, 'x is missing'],
    [1, { exists: false }, 'x is 1, expected none'],
    [numberOf('9007199254740993'), 9_007_199_254_740_992, 'x is 9007199254740993, expected 9007199254740992'],
    [7, { less_than: '${captures.x}' }, 'x is 7, expected less than "${captures.x}"'],
    [401, { not_one_of: [401] }, 'x is 401, expected none of [401]'],
  ] as const)('%o does not fulfil %o', (actual, condition, reason) => {
    expect(mismatch('x', actual as JsonValue, conditionSchema.parse(condition))).toBe(reason);
  });

  test('of a path that selects several values asks each of them', () => {
    expect(jsonMismatches({ a: [1, 2, 3] }, { '$.a[*]': { at_most: 2 } })).toEqual([
      '$.a[*] is 3, expected at most 2',
    ]);
  });

  test('every JSON value equals itself', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = JSON.parse(JSON.stringify(value)) as JsonValue;
        expect(mismatch('x', json, { equals: json })).toBeUndefined();
        expect(mismatch('x', json, { not_equals: json })).toBeDefined();
      }),
    );
  });
});
