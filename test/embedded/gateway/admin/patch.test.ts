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

  it('takes any name for one of data, and never reaches the prototype of anything', () => {
    const named = JSON.parse('{"__proto__":{"polluted":1}}') as Record<string, unknown>;
    expect(subPathPatch({}, '__proto__/polluted', 1)).toEqual({ value: named });
    expect(subPathPatch({}, 'constructor/prototype/polluted', 1)).toEqual({
      value: { constructor: { prototype: { polluted: 1 } } },
    });
    expect(Object.keys(mergePatch({ a: {} }, { a: named, ...named }))).toEqual(['a', '__proto__']);
    expect({}).not.toHaveProperty('polluted');
  });

  it('gives the patch itself for an empty value, and changes nothing by an empty patch', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ minLength: 1 }), fc.oneof(fc.integer(), fc.array(fc.integer()))),
        (value) => {
          expect(mergePatch({}, value)).toEqual(value);
          expect(mergePatch(value, {})).toEqual(value);
        },
      ),
    );
  });
});
