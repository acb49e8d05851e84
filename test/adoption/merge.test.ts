import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { mergeStack } from '../../src/adoption/merge.ts';

const key = fc.constantFrom('a', 'b', 'c', 'd');
const leaf = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom('x', 'y'), fc.constant(['p', 'q']));
const { tree } = fc.letrec<{ tree: Record<string, unknown> }>((tie) => ({
  tree: fc.dictionary(key, fc.oneof({ depthSize: 'small' }, leaf, tie('tree')), {
    minKeys: 1,
    maxKeys: 4,
  }) as fc.Arbitrary<Record<string, unknown>>,
}));

function merged(mine: object, last: object | undefined, next: object) {
  const written = (data: object) => stringify(data, { aliasDuplicateObjects: false });
  const { text, kept } = mergeStack(written(mine), last && written(last), written(next));
  return { data: parse(text) as Record<string, unknown>, kept };
}

test('what nobody has changed becomes what would be written now', () => {
  fc.assert(
    fc.property(tree, tree, (last, next) => {
      expect(merged(last, last, next)).toEqual({ data: next, kept: [] });
    }),
  );
});

test('what people have changed stays, where nothing new would be written', () => {
  fc.assert(
    fc.property(tree, tree, (mine, last) => {
      expect(merged(mine, last, last)).toEqual({ data: mine, kept: [] });
    }),
  );
});

test('without what was written last nothing that stands there is changed', () => {
  fc.assert(
    fc.property(tree, tree, (mine, next) => {
      const { data } = merged(mine, undefined, next);
      const stands = (own: Record<string, unknown>, now: Record<string, unknown>) => {
        for (const [name, value] of Object.entries(own)) {
          if (typeof value === 'object' && !Array.isArray(value) && Object.keys(value as object).length > 0)
            stands(value as Record<string, unknown>, now[name] as Record<string, unknown>);
          else if (typeof value !== 'object' || Array.isArray(value)) expect(now[name]).toEqual(value);
        }
      };
      stands(mine, data);
    }),
  );
});

test('what stands there by an anchor is left alone', () => {
  const mine = 'version: 1\nservices:\n  api: &api\n    port: 1\n  web: *api\n';
  const next = 'version: 1\nservices:\n  api:\n    port: 2\n  web:\n    port: 3\n';
  expect(mergeStack(mine, next.replace('2', '1'), next)).toEqual({
    text: mine,
    kept: ['services.api'],
  });
});

test('comments and order of people are kept, and new places are taken over', () => {
  const last =
    'version: 1\nservices:\n  api:\n    port: 1 # compose.yaml:3\n    path: api # compose.yaml:2\n';
  const mine =
    '# mine\nversion: 1\nservices:\n  api:\n    path: api # compose.yaml:2\n    # because\n    port: 9 # mine\n';
  const next =
    'version: 1\nservices:\n  api:\n    port: 2 # compose.yaml:4\n    path: api # compose.yaml:9\n  web:\n    port: 3 # compose.yaml:8\n';
  expect(mergeStack(mine, last, next)).toEqual({
    text: '# mine\nversion: 1\nservices:\n  api:\n    path: api # compose.yaml:9\n    # because\n    port: 9 # mine\n  web:\n    port: 3 # compose.yaml:8\n',
    kept: ['services.api.port'],
  });
});

test('lines end as they did', () => {
  const { text } = mergeStack('a: 1 # mine\r\nb: 2\r\n', 'a: 1\nb: 2\n', 'a: 1\nb: 3\n');
  expect(text).toBe('a: 1 # mine\r\nb: 3\r\n');
});
