import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Candidate, PathTable } from '../../src/matching/path-table.ts';

const candidate = (uri: string, priority = 0): Candidate<string> => ({ uri, priority, target: uri });

function tableOf(...candidates: Candidate<string>[]): PathTable<string> {
  const table = new PathTable<string>();
  for (const each of candidates) table.add(each);
  return table;
}

const uriFor = (table: PathTable<string>, path: string) => table.find(path, (found) => found.uri);

describe('the path table', () => {
  it('prefers the exact path, then the longest prefix', () => {
    const table = tableOf(
      candidate('/a/*'),
      candidate('/a/b/*'),
      candidate('/a/b/c'),
      candidate('/a*'),
      candidate('/*'),
    );
    expect(uriFor(table, '/a/b/c')).toBe('/a/b/c');
    expect(uriFor(table, '/a/b/d')).toBe('/a/b/*');
    expect(uriFor(table, '/a/x')).toBe('/a/*');
    expect(uriFor(table, '/abc')).toBe('/a*');
    expect(uriFor(table, '/x')).toBe('/*');
  });

  it('binds parameters by segment, fixed segments first', () => {
    const table = tableOf(
      candidate('/u/:id'),
      candidate('/u/me'),
      candidate('/u/:id/p/:page'),
      candidate('/u/:id/*rest'),
    );
    const find = (path: string) => table.find(path, (found, parameters) => [found.uri, parameters]);
    expect(find('/u/7')).toEqual(['/u/:id', { id: '7' }]);
    expect(find('/u/me')).toEqual(['/u/me', undefined]);
    expect(find('/u/7/p/2')).toEqual(['/u/:id/p/:page', { id: '7', page: '2' }]);
    expect(find('/u/7/q/r')).toEqual(['/u/:id/*rest', { id: '7', rest: 'q/r' }]);
    expect(find('/u/')).toBeUndefined();
  });

  it('goes on to the next candidate when one does not accept', () => {
    const table = tableOf(candidate('/a', 1), { ...candidate('/a', 9), target: 'high' }, candidate('/*'));
    const order: string[] = [];
    table.find('/a', (found) => {
      order.push(`${found.target}:${found.priority}`);
      return undefined;
    });
    expect(order).toEqual(['high:9', '/a:1', '/*:0']);
  });

  const segment = fc.constantFrom('a', 'b', 'ab', 'abc', 'c');
  const uri = fc
    .tuple(fc.array(segment, { maxLength: 4 }), fc.constantFrom('', '*', '/*'))
    .map(([segments, end]) => `/${segments.join('/')}${end === '/*' && segments.length === 0 ? '*' : end}`);

  it('finds what a walk over all routes would find, whatever was added and removed before', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(uri, { maxLength: 25 }),
        fc.array(fc.nat(), { maxLength: 10 }),
        uri,
        (uris, removed, target) => {
          const path = target.replaceAll('*', 'x');
          const all = uris.map((each) => candidate(each));
          const table = tableOf(...all);
          const gone = new Set(removed.map((index) => all[index % Math.max(all.length, 1)]));
          for (const each of gone) if (each !== undefined) table.remove(each);
          const left = all.filter((each) => !gone.has(each)).map((each) => each.uri);
          const prefixes = left.filter((each) => each.endsWith('*') && path.startsWith(each.slice(0, -1)));
          const expected = left.includes(path) ? path : prefixes.sort((a, b) => b.length - a.length)[0];
          expect(uriFor(table, path)).toBe(expected);
          expect(table.empty).toBe(left.length === 0);
        },
      ),
    );
  });
});
