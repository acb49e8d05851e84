import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergePatch, subPathPatch } from '../../../../src/embedded/gateway/admin/patch.ts';

describe('PATCH', () => {
  it('merges objects, replaces arrays, deletes by null', () => {
    const value = { a: { x: 1, y: 2 }, list: [1, 2], gone: true };
    expect(mergePatch(value, { a: { y: 3, z: null }, list: [9], gone: null })).toEqual({
      a: { x: 1, y: 3 },
      list: [9],
    });
    expect(value).toEqual({ a: { x: 1, y: 2 }, list: [1, 2], gone: true });
  });

  it('replaces at a sub-path and makes the way to it', () => {
    expect(subPathPatch({ a: { b: 1 } }, 'a/b', 2)).toEqual({ value: { a: { b: 2 } } });
    expect(subPathPatch({}, 'a/b', 2)).toEqual({ value: { a: { b: 2 } } });
    expect(subPathPatch({ a: 1 }, 'a/b', 2)).toEqual({ error: 'invalid sub-path: /a' });
  });

  it('never reaches the prototype of anything', () => {
    expect(subPathPatch({}, '__proto__/polluted', 1)).toHaveProperty('error');
    expect(subPathPatch({}, 'constructor/prototype/polluted', 1)).toHaveProperty('value');
    mergePatch(
      { a: {} },
      JSON.parse('{"__proto__":{"polluted":1},"a":{"__proto__":{"polluted":1}}}') as Record<string, unknown>,
    );
    expect({}).not.toHaveProperty('polluted');
  });

  it('gives the patch itself for an empty value, and changes nothing by an empty patch', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          // It is left out on purpose, as the test above shows.
          fc.string({ minLength: 1 }).filter((name) => name !== '__proto__'),
          fc.oneof(fc.integer(), fc.array(fc.integer())),
        ),
        (value) => {
          expect(mergePatch({}, value)).toEqual(value);
          expect(mergePatch(value, {})).toEqual(value);
        },
      ),
    );
  });
});
