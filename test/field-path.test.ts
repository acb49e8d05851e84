import fc from 'fast-check';
import { expect, test } from 'vitest';
import { idText, memberAt, withMember } from '../src/field-path.ts';

test.each([
  ['a', { a: 1 }, 1],
  ['a.b', { a: { b: 2 } }, 2],
  ['a.b', { 'a.b': 3, a: { b: 2 } }, 3],
  ['a.b', { a: [2] }, undefined],
  ['a.b', { a: null }, undefined],
  ['__proto__', {}, undefined],
  ['constructor.name', {}, undefined],
])('%s of %j is %j', (path, document, value) => {
  expect(memberAt(document, path)).toBe(value);
});

test.each([
  [7, '7'],
  [9007199254740993n, '9007199254740993'],
  ['c', 'c'],
  ['', undefined],
  [null, undefined],
  [{}, undefined],
])('the id %s is the text %s', (value, text) => {
  expect(idText(value)).toBe(text);
});

test.each([
  ['a.b', { a: 1 }],
  ['a', { a: null }],
  ['a.b', { 'a.b': 0 }],
])('nothing is put over what is there: %s of %j', (path, document) => {
  expect(withMember<unknown>(document, path, 'id')).toBe(document);
});

test('what is put somewhere is found there, and nothing else has changed', () => {
  const name = fc.oneof(fc.constantFrom('__proto__', 'constructor', 'toString', ''), fc.string());
  fc.assert(
    fc.property(
      fc.dictionary(name, fc.jsonValue()),
      fc.array(name, { minLength: 1, maxLength: 4 }),
      (document, names) => {
        const path = names.join('.');
        const before = structuredClone(document);
        const after = withMember<unknown>(document, path, 'id');
        expect(document).toEqual(before);
        expect([Object.prototype, null]).toContain(Object.getPrototypeOf(after));
        expect(({} as Record<string, unknown>).id).toBeUndefined();
        const [first = ''] = path.split('.');
        for (const key of Object.keys(document)) if (key !== first) expect(after[key]).toBe(document[key]);
        if (after !== document) expect(memberAt(after, path)).toBe('id');
      },
    ),
  );
});
