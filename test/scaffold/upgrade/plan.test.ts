import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestOfBytes } from '../../../src/scaffold/ledger.ts';
import { planFiles } from '../../../src/scaffold/upgrade/plan.ts';
import type { Content, Found } from '../../../src/scaffold/upgrade/tree.ts';

const content = (text: string | Buffer): Content => {
  const bytes = Buffer.from(text as string);
  return { digest: digestOfBytes(bytes), bytes };
};
type Texts = Record<string, string | Buffer>;
const tree = (files: Texts) =>
  new Map(Object.entries(files).map(([path, text]) => [path, content(text)] as const));

const plan = (
  { base = {}, mine = {}, theirs = {} }: { base?: Texts; mine?: Texts; theirs?: Texts },
  deletes = true,
) =>
  planFiles({ base: tree(base), mine: tree(mine), theirs: tree(theirs) }, { label: '2', deletes }).map(
    ({ bytes, besideBytes, mode, ...change }) => ({ ...change, text: bytes?.toString('utf8') }),
  );

const LONG = Array.from({ length: 12 }, (_, index) => `line ${index}`).join('\n');

describe('one file', () => {
  test.each<[string, { base?: Texts; mine?: Texts; theirs?: Texts }, object[]]>([
    ['new in the template', { theirs: { a: '1' } }, [{ action: 'create', path: 'a', text: '1' }]],
    ['new in both alike', { mine: { a: '1' }, theirs: { a: '1' } }, []],
    [
      'new in both, and different',
      { mine: { a: '1' }, theirs: { a: '2' } },
      [
        {
          action: 'conflict',
          path: 'a',
          conflicts: 1,
          text: '<<<<<<< yours\n1\n=======\n2\n>>>>>>> template 2',
        },
      ],
    ],
    [
      'that the template has changed',
      { base: { a: '1' }, mine: { a: '1' }, theirs: { a: '2' } },
      [{ action: 'update', path: 'a', text: '2' }],
    ],
    ['that people have changed', { base: { a: '1' }, mine: { a: 'own' }, theirs: { a: '1' } }, []],
    ['that people have changed alike', { base: { a: '1' }, mine: { a: '2' }, theirs: { a: '2' } }, []],
    ['that people have taken out', { base: { a: '1' }, theirs: { a: '1' } }, []],
    [
      'that people have taken out, and the template has changed',
      { base: { a: '1' }, theirs: { a: '2' } },
      [{ action: 'keep', path: 'a', reason: 'deleted', text: undefined }],
    ],
    [
      'that the template has no more',
      { base: { a: '1' }, mine: { a: '1' } },
      [{ action: 'delete', path: 'a', text: undefined }],
    ],
    [
      'that the template has no more, and people have changed',
      { base: { a: '1' }, mine: { a: '2' } },
      [{ action: 'keep', path: 'a', reason: 'gone', text: undefined }],
    ],
    ['that both have taken out', { base: { a: '1' } }, []],
    [
      'with line ends of its own',
      { base: { a: '1\n2\n' }, mine: { a: '1\r\n2\r\n' }, theirs: { a: '1\n3\n' } },
      [{ action: 'update', path: 'a', text: '1\r\n3\r\n' }],
    ],
    [
      'with line ends of its own, and a change',
      { base: { a: '1\n2\n3\n' }, mine: { a: '1\r\n2\r\n3\r\nown\r\n' }, theirs: { a: '0\n2\n3\n' } },
      [{ action: 'merge', path: 'a', text: '0\r\n2\r\n3\r\nown\r\n' }],
    ],
    ['with a byte order mark', { base: { a: '1\n' }, mine: { a: '\uFEFF1\n' }, theirs: { a: '1\n' } }, []],
  ])('%s', (_, trees, changes) => {
    expect(plan(trees)).toEqual(changes);
  });

  test('that is no text stays, with the template’s beside it', () => {
    const mine = Buffer.from([0xff, 0xfe, 0, 1]);
    const files = planFiles(
      { base: tree({ a: '1' }), mine: tree({ a: mine }), theirs: tree({ a: '2' }) },
      { label: '2', deletes: true },
    );
    expect(files).toMatchObject([{ action: 'conflict', beside: 'a.template', bytes: mine }]);
    expect(files[0]?.besideBytes?.toString()).toBe('2');
  });

  test('where a link or a folder stands is left alone', () => {
    const mine = new Map<string, Found>([['a', 'other']]);
    const trees = { base: tree({ a: '1' }), mine, theirs: tree({ a: '2' }) };
    expect(planFiles(trees, { label: '2', deletes: true })).toEqual([
      { action: 'keep', path: 'a', reason: 'in-the-way' },
    ]);
  });

  test('whose content was lost is theirs where nobody has changed it, and a conflict where somebody has', () => {
    const lost = new Map([['a', { digest: content('1\n2').digest, bytes: undefined }]]);
    const trees = { base: lost, theirs: tree({ a: '1\n3' }) };
    const of = (text: string) =>
      planFiles({ ...trees, mine: tree({ a: text }) }, { label: '2', deletes: true });
    expect(of('1\n2')).toMatchObject([{ action: 'update' }]);
    expect(of('1\nown')).toMatchObject([{ action: 'conflict', conflicts: 1 }]);
  });
});

describe('a file that the template has elsewhere now', () => {
  test('takes what was changed in it along', () => {
    const changes = plan({
      base: { 'src/a.ts': LONG },
      mine: { 'src/a.ts': `${LONG}\nown` },
      theirs: { 'src/b/a.ts': LONG.replace('line 2', 'theirs') },
    });
    expect(changes).toEqual([
      {
        action: 'move',
        path: 'src/b/a.ts',
        from: 'src/a.ts',
        text: `${LONG.replace('line 2', 'theirs')}\nown`,
      },
    ]);
  });

  test('is told with its conflict', () => {
    const changes = plan({
      base: { 'a.ts': LONG },
      mine: { 'a.ts': LONG.replace('line 2', 'own') },
      theirs: { 'b.ts': LONG.replace('line 2', 'theirs') },
    });
    expect(changes).toMatchObject([{ action: 'conflict', path: 'b.ts', from: 'a.ts', conflicts: 1 }]);
  });

  test('is not taken for one that is only a little alike, or has another ending', () => {
    const changes = plan({
      base: { 'a.ts': LONG },
      mine: { 'a.ts': `${LONG}\nown` },
      theirs: { 'b.ts': 'something\nelse\nin\nthis\nfile', 'a.md': LONG },
    });
    expect(changes).toMatchObject([
      { action: 'create', path: 'a.md' },
      { action: 'keep', path: 'a.ts', reason: 'gone' },
      { action: 'create', path: 'b.ts' },
    ]);
  });
});

test('without a manifest nothing is taken away', () => {
  expect(plan({ base: { a: '1' }, mine: { a: '1' } }, false)).toEqual([]);
});

test('what people have changed is in the result, whatever the three trees are', () => {
  const line = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const file = fc.array(line, { maxLength: 8 }).map((lines) => lines.join('\n'));
  const paths = fc.constantFrom('a', 'b', 'x/a', '__proto__', 'package.json', 'qbtc.yaml');
  const files = fc.dictionary(paths, file, { noNullPrototype: true });
  fc.assert(
    fc.property(files, files, files, (base, mine, theirs) => {
      const result = new Map(Object.entries(mine));
      const planned = planFiles(
        { base: tree(base), mine: tree(mine), theirs: tree(theirs) },
        { label: '2', deletes: true },
      );
      for (const { action, path, from, bytes } of planned) {
        if (bytes !== undefined) result.set(path, bytes.toString('utf8'));
        if (action === 'delete') result.delete(path);
        if (from !== undefined) result.delete(from);
      }
      for (const [path, text] of Object.entries(mine)) {
        const before = Object.hasOwn(base, path) ? base[path] : undefined;
        if (text === before) continue;
        const moved = planned.find(({ from }) => from === path)?.path ?? path;
        const there = result.get(moved);
        expect(there).toBeDefined();
        const left = (there ?? '').split('\n');
        const known = (before ?? '').split('\n');
        for (const each of text.split('\n')) {
          const at = known.indexOf(each);
          if (at >= 0) known.splice(at, 1);
          else expect(left.splice(left.indexOf(each), 1)).toEqual([each]);
        }
      }
    }),
  );
});
