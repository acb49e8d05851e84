import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Binding } from '../../../../../src/embedded/broker/exchange/binding.ts';
import { TopicTrie } from '../../../../../src/embedded/broker/exchange/types/topic.ts';

/** The rule as the documentation words it, without any cleverness. */
function naive(pattern: string[], words: string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return words.length === 0;
  if (first === '#') return words.some((_, index) => naive(rest, words.slice(index))) || naive(rest, []);
  const [word, ...others] = words;
  return word !== undefined && (first === '*' || first === word) && naive(rest, others);
}

const word = fc.constantFrom('a', 'b', 'c', '');
const key = fc.array(word, { maxLength: 5 }).map((words) => words.join('.'));
const pattern = fc
  .array(fc.oneof(word, fc.constantFrom('*', '#')), { maxLength: 5 })
  .map((words) => words.join('.'));
const split = (text: string) => (text === '' ? [] : text.split('.'));
// Only the key of a binding matters to the trie.
const bindingOf = (routingKey: string) => ({ routingKey }) as Binding;

describe('TopicTrie', () => {
  it('matches as the naive matcher does', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(pattern, { maxLength: 12 }),
        fc.array(key, { minLength: 1 }),
        (patterns, keys) => {
          const trie = new TopicTrie();
          const bindings = patterns.map(bindingOf);
          for (const binding of bindings) trie.add(binding);
          for (const routingKey of keys) {
            const expected = patterns.filter((each) => naive(split(each), split(routingKey)));
            expect(
              trie
                .match(routingKey)
                .map((binding) => binding.routingKey)
                .sort(),
            ).toEqual(expected.sort());
          }
        },
      ),
    );
  });

  it('forgets what is removed', () => {
    fc.assert(
      fc.property(fc.uniqueArray(pattern, { minLength: 1 }), key, fc.nat(), (patterns, routingKey, pick) => {
        const trie = new TopicTrie();
        const bindings = patterns.map(bindingOf);
        for (const binding of bindings) trie.add(binding);
        trie.match(routingKey);
        const [removed] = bindings.splice(pick % bindings.length, 1);
        if (removed !== undefined) trie.remove(removed);
        const expected = bindings.filter((each) => naive(split(each.routingKey), split(routingKey)));
        expect(new Set(trie.match(routingKey))).toEqual(new Set(expected));
      }),
    );
  });

  it('does not slow down exponentially with many hashes', () => {
    const trie = new TopicTrie();
    trie.add(bindingOf(`${'#.a.'.repeat(20)}z`));
    expect(trie.match(`${'a.'.repeat(100)}y`)).toEqual([]);
  });
});
