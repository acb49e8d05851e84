import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cyclesOf } from '../../src/config/cycle.ts';

const graph = (edges: Record<string, string[]>) => new Map(Object.entries(edges));

test('a cycle is the walk around it', () => {
  expect(cyclesOf(graph({ a: ['b'], b: ['c'], c: ['a'] }))).toEqual([['a', 'b', 'c', 'a']]);
  expect(cyclesOf(graph({ a: ['b'], b: ['b'] }))).toEqual([['b', 'b']]);
  expect(cyclesOf(graph({ a: ['b', 'c'], b: ['a'], c: ['a'] }))).toEqual([
    ['a', 'b', 'a'],
    ['a', 'c', 'a'],
  ]);
});

test('a diamond is none, however often it is walked', () => {
  const layers = Array.from({ length: 40 }, (_, index): [string, string[]] => [
    `n${index}`,
    index === 0 ? [] : [`n${index - 1}`, `n${index - 1}`],
  ]);
  expect(cyclesOf(new Map(layers.reverse()))).toEqual([]);
});

test('there is a cycle exactly when there is no order', () => {
  const edges = fc.array(fc.tuple(fc.nat(6), fc.nat(6)), { maxLength: 14 });
  fc.assert(
    fc.property(edges, (pairs) => {
      const nodes = new Map<string, string[]>(Array.from({ length: 7 }, (_, index) => [String(index), []]));
      for (const [from, to] of pairs) nodes.get(String(from))?.push(String(to));
      // Kahn: what is left when everything without open dependencies has been taken away again and again.
      const open = new Map(nodes);
      for (let ready = ['']; ready.length > 0; ) {
        ready = [...open].filter(([, next]) => next.every((name) => !open.has(name))).map(([name]) => name);
        for (const name of ready) open.delete(name);
      }
      const cycles = cyclesOf(nodes);
      expect(cycles.length > 0).toBe(open.size > 0);
      for (const cycle of cycles) {
        expect(cycle[0]).toBe(cycle.at(-1));
        for (const [index, name] of cycle.slice(0, -1).entries()) {
          expect(nodes.get(name)).toContain(cycle[index + 1]);
        }
      }
    }),
  );
});
