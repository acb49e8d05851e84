import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Candidate, PathTable } from '../../src/matching/path-table.ts';
import { parseUri } from '../../src/matching/uri.ts';

const candidate = (uri: string, priority = 0, order = 0): Candidate<string> => ({
  uri: parseUri(uri),
  priority,
  order,
  target: uri,
});

function tableOf(...candidates: Candidate<string>[]): PathTable<string> {
  const table = new PathTable<string>();
  for (const each of candidates) table.add(each);
  return table;
}

/** Everything that a path leads to, in the order in which it is tried. */
function order(table: PathTable<string>, path: string): string[] {
  const tried: string[] = [];
  table.find(path, ({ target, uri }) => {
    if (uri.bind(path) !== undefined) tried.push(target);
    return undefined;
  });
  return tried;
}

describe('the path table', () => {
  it('tries the path itself, then what it begins with, the longest first, whatever the priority', () => {
    const table = tableOf(
      candidate('/a/*', 9),
      candidate('/a/b/*', 5),
      candidate('/a/b/c', 1),
      candidate('/a*', 20),
      candidate('/*', 99),
    );
    expect(order(table, '/a/b/c')).toEqual(['/a/b/c', '/a/b/*', '/a/*', '/a*', '/*']);
    expect(order(table, '/abc')).toEqual(['/a*', '/*']);
  });

  it('tries parameters with the text before them, by priority, then the longer URI', () => {
    const table = tableOf(
      candidate('/u/*', 1),
      candidate('/u/:id'),
      candidate('/u/:id/p/:page'),
      candidate('/u/:name/*rest'),
      candidate('/u/me/:x'),
      candidate('/u/*', 0, 1),
    );
    expect(order(table, '/u/me/p/2')).toEqual(['/u/*', '/u/:id/p/:page', '/u/:name/*rest', '/u/*']);
    expect(order(table, '/u/me/p')).toEqual(['/u/me/:x', '/u/*', '/u/:name/*rest', '/u/*']);
    expect(order(table, '/u/7')).toEqual(['/u/*', '/u/:id', '/u/*']);
  });

  it('tries equals in their order, however they came', () => {
    const twice = [candidate('/a', 0, 2), candidate('/a', 0, 1), candidate('/a', 3, 9)];
    const named = twice.map((each) => ({ ...each, target: `${each.priority}:${each.order}` }));
    expect(order(tableOf(...named), '/a')).toEqual(['3:9', '0:1', '0:2']);
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
          const left = all.filter((each) => !gone.has(each)).map((each) => each.target);
          const prefixes = left.filter((each) => each.endsWith('*') && path.startsWith(each.slice(0, -1)));
          const expected = left.includes(path) ? path : prefixes.sort((a, b) => b.length - a.length)[0];
          expect(table.find(path, (found) => found.target)).toBe(expected);
          expect(table.empty).toBe(left.length === 0);
        },
      ),
    );
  });
});
