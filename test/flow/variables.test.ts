import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fill, referencesIn, type Variables } from '../../src/flow/variables.ts';
import { numberOf } from '../../src/json.ts';
import { flowStack } from './chain.ts';

const captures = new Map<string, unknown>([
  ['id', numberOf('9007199254740993')],
  ['price', numberOf('0.12345678901234567891')],
  ['name', '${not.a.name}'],
]);
const variables: Variables = { stack: flowStack('/', []), correlationId: 'c-1', captures };

describe('what is filled in', () => {
  // As in a compose file: https://docs.docker.com/reference/compose-file/interpolation/
  it.each<[string, unknown]>([
    ['${captures.id}', 9_007_199_254_740_993n],
    ['id ${captures.id}, ${ correlation_id }', 'id 9007199254740993, c-1'],
    ['$${captures.id}', '${captures.id}'],
    ['$${name}', '${name}'],
    ['a $${b} ${correlation_id} $${c}', 'a ${b} c-1 ${c}'],
    ['$$${correlation_id}', '$c-1'],
    ['$$$${correlation_id}', '$${correlation_id}'],
    ['$${a ${correlation_id}}', '${a c-1}'],
    ['${captures.name}', '${not.a.name}'],
    ['$ $$ $1 {x} $x costs 5$', '$ $$ $1 {x} $x costs 5$'],
    ['${correlation_id', '${correlation_id'],
    ['$${', '${'],
  ])('%s', (text, filled) => {
    expect(fill(text, variables)).toEqual(filled);
    expect(fill({ a: [text] }, variables)).toEqual({ a: [filled] });
  });

  it('leaves every number as it is', () => {
    const price = captures.get('price');
    expect(fill({ a: price, b: 1n }, variables)).toEqual({ a: price, b: 1n });
  });

  it('can be anything, also what looks like a reference', () => {
    const text = fc
      .array(fc.constantFrom('$', '{', '}', 'a', ' ', '${correlation_id}'))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (wanted) => {
        // Each dollar in front of a brace twice.
        const written = wanted.replace(/\$+(?=\{)/g, (dollars) => dollars + dollars);
        expect(referencesIn(written)).toEqual([]);
        expect(fill(written, variables)).toBe(wanted);
      }),
    );
  });

  it('is looked for in keys, too', () => {
    expect(referencesIn({ 'x-${captures.a}': ['$${b}', '${captures.c}'] }).map(({ name }) => name)).toEqual([
      'captures.a',
      'captures.c',
    ]);
  });
});
