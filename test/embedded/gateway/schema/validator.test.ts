import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { route } from '../../../../src/embedded/gateway/schema/definitions.ts';
import { upstream } from '../../../../src/embedded/gateway/schema/upstream.ts';
import { validationError, withDefaults } from '../../../../src/embedded/gateway/schema/validator.ts';

describe('validation in the words of APISIX', () => {
  const numbers = {
    type: 'object',
    properties: {
      list: {
        type: 'array',
        minItems: 1,
        maxItems: 2,
        uniqueItems: true,
        items: { type: 'integer', minimum: 1, maximum: 9 },
      },
      text: { type: 'string', minLength: 2, maxLength: 3 },
      mode: { enum: ['a', 'b'] },
    },
    required: ['text'],
  };

  it.each([
    [{}, 'property "text" is required'],
    [{ text: 'a' }, 'property "text" validation failed: string too short, expected at least 2, got 1'],
    [{ text: 'äöüß' }, 'property "text" validation failed: string too long, expected at most 3, got 4'],
    [{ text: 'ab', list: [] }, 'property "list" validation failed: expect array to have at least 1 items'],
    [
      { text: 'ab', list: [1, 2, 3] },
      'property "list" validation failed: expect array to have at most 2 items',
    ],
    [
      { text: 'ab', list: [1, 1] },
      'property "list" validation failed: expected unique items but items 1 and 2 are equal',
    ],
    [
      { text: 'ab', list: [1, 10] },
      'property "list" validation failed: failed to validate item 2: expected 10 to be at most 9',
    ],
    [
      { text: 'ab', list: { x: 1 } },
      'property "list" validation failed: wrong type: expected array, got table',
    ],
    [{ text: null }, 'property "text" validation failed: wrong type: expected string, got userdata'],
    [{ text: 'ab', mode: 'c' }, 'property "mode" validation failed: matches none of the enum values'],
    [{ text: 'ab', mode: 'b', list: [1] }, undefined],
  ])('%j: %s', (value, expected) => {
    expect(validationError(numbers, value)).toBe(expected);
  });

  it('takes the empty table of Lua for an object and for an array', () => {
    expect(validationError({ type: 'object', properties: {} }, [])).toBeUndefined();
    expect(
      validationError({ type: 'object', properties: { plugins: { type: 'object' } } }, { plugins: [] }),
    ).toBeUndefined();
    expect(validationError({ type: 'array' }, {})).toBeUndefined();
  });

  it('names the way to a mistake deep inside', () => {
    const value = { uri: '/', upstream: { nodes: {}, timeout: { connect: 1, send: 1, read: 0 } } };
    expect(validationError(route, value)).toBe(
      'property "upstream" validation failed: property "timeout" validation failed: property "read" validation failed: expected 0 to be greater than 0',
    );
    expect(validationError(route, { uri: '/', labels: { a: 'b c' }, service_id: 's' })).toBe(
      'property "labels" validation failed: failed to validate a (matching ".*"): failed to match pattern "^\\\\S+$" with "b c"',
    );
  });

  it('always has words for a mistake, and changes nothing', () => {
    fc.assert(
      fc.property(
        fc.object({ key: fc.constantFrom('uri', 'nodes', 'type', 'timeout', 'checks', 'x'), maxDepth: 3 }),
        (value) => {
          const before = structuredClone(value);
          const error = validationError(upstream, value);
          if (error !== undefined) expect(error).toMatch(/\w/);
          expect(value).toEqual(before);
        },
      ),
    );
  });

  it('fills defaults in a copy', () => {
    const value = { nodes: {} };
    expect(withDefaults(upstream, value)).toMatchObject({
      type: 'roundrobin',
      pass_host: 'pass',
      scheme: 'http',
    });
    expect(value).toEqual({ nodes: {} });
  });
});
