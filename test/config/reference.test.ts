import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatReferences,
  hasReferences,
  type Part,
  parseReferences,
  SERVICE_FIELDS,
} from '../../src/config/reference.ts';

const variableName = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
const simpleName = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
/** Text that holds dollars and braces, but no `$` at its end: before a reference that would be an escape. */
const plainText = fc
  .string({
    unit: fc.constantFrom('a', ' ', '$', '{', '}', ':', '-', '${', 'é'),
    minLength: 1,
    maxLength: 12,
  })
  .filter((text) => !text.endsWith('$'));

const reference: fc.Arbitrary<Part> = fc.oneof(
  variableName.map((name): Part => ({ kind: 'variable', name, source: `\${${name}}` })),
  simpleName.map((name): Part => ({ kind: 'secret', name, source: `\${secrets.${name}}` })),
  fc
    .tuple(simpleName, fc.constantFrom(...SERVICE_FIELDS))
    .map(
      ([name, field]): Part => ({ kind: 'service', name, field, source: `\${services.${name}.${field}}` }),
    ),
  simpleName.map((name): Part => ({ kind: 'port', name, source: `\${ports.${name}}` })),
  fc.tuple(simpleName, fc.constantFrom('url', 'port', 'admin_key')).map(
    ([name, field]): Part => ({
      kind: 'resource',
      name,
      field,
      source: `\${resources.${name}.${field}}`,
    }),
  ),
);

describe('parseReferences', () => {
  test.each<[string, Part[]]>([
    ['plain', [{ kind: 'text', text: 'plain' }]],
    ['$HOME $1 {x}', [{ kind: 'text', text: '$HOME $1 {x}' }]],
    ['$${A}', [{ kind: 'text', text: '${A}' }]],
    ['$$${A}', [{ kind: 'text', text: '$${A}' }]],
    ['${A}', [{ kind: 'variable', name: 'A', source: '${A}' }]],
    [
      'a${A:-b}c',
      [
        { kind: 'text', text: 'a' },
        { kind: 'variable', name: 'A', fallback: [{ kind: 'text', text: 'b' }], source: '${A:-b}' },
        { kind: 'text', text: 'c' },
      ],
    ],
    ['${A:-}', [{ kind: 'variable', name: 'A', fallback: [], source: '${A:-}' }]],
    [
      '${A:-x${B:-y}z}',
      [
        {
          kind: 'variable',
          name: 'A',
          source: '${A:-x${B:-y}z}',
          fallback: [
            { kind: 'text', text: 'x' },
            { kind: 'variable', name: 'B', fallback: [{ kind: 'text', text: 'y' }], source: '${B:-y}' },
            { kind: 'text', text: 'z' },
          ],
        },
      ],
    ],
    [
      '${resources.broker.url}',
      [{ kind: 'resource', name: 'broker', field: 'url', source: '${resources.broker.url}' }],
    ],
  ])('%s', (text, parts) => {
    expect(parseReferences(text)).toEqual(parts);
  });

  test.each([
    '${}',
    '${1A}',
    '${A',
    '${A:-b',
    '${A-b}',
    '${A:?b}',
    '${secrets.a:-b}',
    '${resources.a}',
    '${resources.a.b.c}',
    '${ A }',
  ])('%s is no reference, and says what would be one', (text) => {
    const parts = parseReferences(text);
    expect(parts).toEqual([expect.objectContaining({ kind: 'invalid', source: text })]);
    expect(parts[0]).toHaveProperty('expected', expect.stringMatching(/\S/));
  });

  test('takes apart what was put together', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(plainText, reference), { maxLength: 5 }), (pairs) => {
        const parts = pairs.flatMap(([text, part]): Part[] => [{ kind: 'text', text }, part]);
        expect(parseReferences(formatReferences(parts))).toEqual(parts);
      }),
    );
  });

  test('loses no character of any text', () => {
    const anything = fc.string({
      unit: fc.constantFrom('a', '$', '{', '}', ':', '-', '.', '${', '$${', 'secrets.', 'é'),
    });
    fc.assert(
      fc.property(anything, (text) => {
        expect(formatReferences(parseReferences(text))).toBe(text);
      }),
    );
  });

  test('text without ${ holds none', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        if (!text.includes('${')) expect(hasReferences(text)).toBe(false);
      }),
    );
    expect(hasReferences('$${A}')).toBe(false);
    expect(hasReferences('${A}')).toBe(true);
  });
});
