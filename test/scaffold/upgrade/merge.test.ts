import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeText } from '../../../src/scaffold/upgrade/mergers/index.ts';

const label = '0.2.0';
const merge = (path: string, base: string | undefined, mine: string, theirs: string) =>
  mergeText(path, { base, mine, theirs, label });

/** Few different lines: files that differ in places, with lines that stand in them more than once. */
const line = fc.constantFrom('a', 'b', 'c', '', '}', '  x: 1', 'é', '__proto__', '-------');
const text = fc.array(line, { maxLength: 12 }).map((lines) => lines.join('\n'));

const counted = (value: string): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const each of value.split('\n')) counts.set(each, (counts.get(each) ?? 0) + 1);
  return counts;
};

/** The text with all conflicts decided in one way. */
function decided(merged: string, side: 'mine' | 'theirs'): string {
  let inside: 'mine' | 'theirs' | undefined;
  const kept: string[] = [];
  for (const each of merged.split('\n')) {
    if (each === '<<<<<<< yours') inside = 'mine';
    else if (each === '=======' && inside === 'mine') inside = 'theirs';
    else if (each === `>>>>>>> template ${label}`) inside = undefined;
    else if (inside === undefined || inside === side) kept.push(each);
  }
  return kept.join('\n');
}

describe('a text', () => {
  test('has both changes', () => {
    const merged = merge('a.ts', '1\n2\n3\n4\n5\n', '1\nmine\n3\n4\n5\n', '1\n2\n3\n4\ntheirs\n');
    expect(merged).toEqual({ text: '1\nmine\n3\n4\ntheirs\n', conflicts: 0 });
  });

  test('has what both have changed twice, between marks', () => {
    const merged = merge('a.ts', '1\n2\n3\n', '1\nmine\n3\n', '1\ntheirs\n3\n');
    expect(merged).toEqual({
      text: '1\n<<<<<<< yours\nmine\n=======\ntheirs\n>>>>>>> template 0.2.0\n3\n',
      conflicts: 1,
    });
  });

  test('has every difference twice where nobody knows what it was', () => {
    const merged = merge('a.ts', undefined, '1\nmine\n3\nown\n', '1\ntheirs\n3\n');
    expect(merged.conflicts).toBe(2);
    expect(decided(merged.text, 'mine')).toBe('1\nmine\n3\nown\n');
    expect(decided(merged.text, 'theirs')).toBe('1\ntheirs\n3\n');
  });

  test('stays as it is where only one has changed it, and is theirs where only they have', () => {
    fc.assert(
      fc.property(text, text, (base, other) => {
        expect(merge('a', base, other, base)).toEqual({ text: other, conflicts: 0 });
        expect(merge('a', base, base, other)).toEqual({ text: other, conflicts: 0 });
        expect(merge('a', base, other, other)).toEqual({ text: other, conflicts: 0 });
      }),
    );
  });

  test('never loses a line that people have added, whatever the template does', () => {
    fc.assert(
      fc.property(fc.option(text, { nil: undefined }), text, text, (base, mine, theirs) => {
        const merged = merge('a', base, mine, theirs);
        const [there, before] = [counted(merged.text), counted(base ?? '')];
        for (const [each, count] of counted(mine)) {
          const added = count - (base === undefined ? 0 : (before.get(each) ?? 0));
          expect(there.get(each) ?? 0).toBeGreaterThanOrEqual(added);
        }
        if (base === undefined) {
          expect(decided(merged.text, 'mine')).toBe(mine);
          expect(decided(merged.text, 'theirs')).toBe(theirs);
        }
      }),
    );
  });

  test('is the same from both sides, but for the order of the two', () => {
    fc.assert(
      fc.property(text, text, text, (base, mine, theirs) => {
        const there = merge('a', base, mine, theirs);
        const back = merge('a', base, theirs, mine);
        expect(back.conflicts).toBe(there.conflicts);
        expect(decided(back.text, 'theirs')).toBe(decided(there.text, 'mine'));
      }),
    );
  });

  test('of a hundred thousand lines takes moments', () => {
    const many = (word: string) =>
      Array.from({ length: 100_000 }, (_, index) => `${word}${index % 7}`).join('\n');
    const merged = merge('a', many('x'), `own\n${many('x')}`, `${many('x')}\n${many('y')}`);
    expect(decided(merged.text, 'mine')).toBe(`own\n${many('x')}`);
  }, 20_000);
});

describe('package.json', () => {
  const manifest = (dependencies: Record<string, string>, more = {}) =>
    `${JSON.stringify({ name: 'acme', ...more, dependencies }, null, 2)}\n`;

  test('takes a package beside one that the template has raised, in order', () => {
    const merged = merge(
      'services/api/package.json',
      manifest({ fastify: '^5.0.0', zod: '^4.0.0' }),
      manifest({ fastify: '^5.0.0', mine: '1', zod: '^4.0.0' }),
      manifest({ fastify: '^5.1.0', pg: '^8', zod: '^4.0.0' }),
    );
    expect(merged).toEqual({
      text: manifest({ fastify: '^5.1.0', mine: '1', pg: '^8', zod: '^4.0.0' }),
      conflicts: 0,
    });
  });

  test('keeps what people have taken out, and loses what the template has', () => {
    const merged = merge(
      'package.json',
      manifest({ a: '1', b: '1' }),
      manifest({ b: '1' }),
      manifest({ a: '1' }),
    );
    expect(merged.text).toBe(manifest({}));
  });

  test('shows two versions of one package as lines', () => {
    const merged = merge('package.json', manifest({ a: '1' }), manifest({ a: '2' }), manifest({ a: '3' }));
    expect(merged.conflicts).toBe(1);
    expect(merged.text).toContain(
      '<<<<<<< yours\n    "a": "2"\n=======\n    "a": "3"\n>>>>>>> template 0.2.0',
    );
  });

  test.each([
    ['no JSON', '{'],
    ['a list', '[1]\n'],
    ['nothing', ''],
    ['another prototype', '{"__proto__": {"polluted": true}, "dependencies": {}}'],
  ])('that is %s is merged line by line, or key by key, and keeps it', (_, mine) => {
    const merged = merge('package.json', manifest({ a: '1' }), mine, manifest({ a: '2' }));
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    for (const each of mine.split('\n').filter((line) => line.length > 1))
      expect(merged.text.replaceAll(/\s/g, '')).toContain(each.replaceAll(/[\s}]|{}/g, '').slice(0, 10));
  });

  test('has each key that people have set, and each that the template alone has', () => {
    const values = fc.dictionary(
      fc.constantFrom('a', 'b', 'c', '__proto__', 'x'),
      fc.constantFrom('1', '2', '3'),
    );
    fc.assert(
      fc.property(values, values, values, (base, mine, theirs) => {
        const { text: result, conflicts } = merge(
          'package.json',
          manifest(base),
          manifest(mine),
          manifest(theirs),
        );
        if (conflicts > 0) return;
        const { dependencies } = JSON.parse(result) as { dependencies: Record<string, string> };
        for (const [key, value] of Object.entries(mine)) {
          const before = Object.hasOwn(base, key) ? base[key] : undefined;
          if (value !== before) expect(dependencies[key]).toBe(value);
        }
        for (const [key, value] of Object.entries(theirs))
          if (!Object.hasOwn(base, key))
            expect(Object.hasOwn(dependencies, key) && [value, mine[key]]).toContain(dependencies[key]);
      }),
    );
  });
});

describe('package-lock.json', () => {
  const lock = (packages: Record<string, object>) =>
    `${JSON.stringify({ name: 'acme', packages }, null, 2)}\n`;

  test('has the packages of both, and one version of each', () => {
    const merged = merge(
      'package-lock.json',
      lock({ a: { version: '1', resolved: 'one' }, b: { version: '1' } }),
      lock({ a: { version: '2', resolved: 'two' }, b: { version: '1' }, mine: { version: '1' } }),
      lock({ a: { version: '3', resolved: 'three' }, b: { version: '2' }, theirs: { version: '1' } }),
    );
    expect(merged.conflicts).toBe(0);
    expect(JSON.parse(merged.text).packages).toEqual({
      a: { version: '2', resolved: 'two' },
      b: { version: '2' },
      mine: { version: '1' },
      theirs: { version: '1' },
    });
  });

  test('that is damaged is merged line by line', () => {
    const merged = merge('package-lock.json', lock({}), '{ not json', lock({ a: {} }));
    expect(decided(merged.text, 'mine')).toBe('{ not json');
  });
});

describe('the compose file', () => {
  const file = (services: string, version: string, more = '') =>
    `x-service: ${version}\nservices:\n  # The services, as their files say; qbtc new, add and remove write this part anew.\n${services}  # End of the services.\n${more}`;

  test('keeps the part of the services, which is written anew, out of it', () => {
    const merged = merge(
      'infrastructure/docker-compose.yml',
      file('  a: {}\n', '1'),
      file('  a: {}\n  own: {}\n', '1', 'volumes: { own: {} }\n'),
      file('  b: {}\n', '2'),
    );
    expect(merged).toEqual({
      text: file('  a: {}\n  own: {}\n', '2', 'volumes: { own: {} }\n'),
      conflicts: 0,
    });
  });
});
