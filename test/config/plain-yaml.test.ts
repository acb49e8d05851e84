import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify, type ToStringOptions } from 'yaml';
import { parseStackDocument, parseWithPlaces } from '../../src/config/document.ts';
import type { FieldPath } from '../../src/config/mistake.ts';
import { type PlainLimits, parsePlainYaml } from '../../src/config/plain-yaml.ts';
import { runs } from '../support/property-runs.ts';

const LIMITS: PlainLimits = { maxValues: 100_000, exactNumbers: false, isText: () => false };
const slowly = (text: string, limits = LIMITS) => parseWithPlaces(text, { ...limits, topExpected: '' });

/** What is taken is taken as the parser with positions takes it, which has nothing to say about it. */
function expectTheSame(text: string, limits: PlainLimits): void {
  const data = parsePlainYaml(text, limits);
  if (data === undefined) return;
  const document = slowly(text, limits);
  expect(document.mistakes).toEqual([]);
  // Vitest takes a key "constructor" for the type.
  expect(isDeepStrictEqual(data, document.data), text).toBe(true);
}

const limits = fc.record({
  maxValues: fc.constant(LIMITS.maxValues),
  exactNumbers: fc.boolean(),
  isText: fc.constantFrom(
    () => false,
    () => true,
    (path: FieldPath) => path.length % 2 === 0,
    (path: FieldPath) => typeof path.at(-1) === 'number',
    (path: FieldPath) => path[0] === 'a' || path.at(-1) === 'key',
  ),
});

/** What parsers of YAML have disagreed about, and what they are made of. */
const TOKENS = [
  ...[
    'a',
    'b',
    'key',
    '- ',
    '-',
    '-\n',
    ': ',
    ',',
    ':',
    ':\n',
    '? ',
    '?',
    '\n',
    '\n  ',
    '\n    ',
    '\n\n',
    ' ',
    '  ',
  ],
  ...[
    '\t',
    '\t\n',
    '#',
    ' # c',
    '# c\n',
    '{',
    '}',
    '[',
    ']',
    ', ',
    '"',
    "'",
    '\\n',
    '\\',
    '"x"',
    "'y'",
    "'it''s'",
  ],
  ...[
    '|',
    '|\n',
    '|-\n  ',
    '>\n ',
    '>+\n  ',
    '|2\n',
    '&a ',
    '*a',
    '&b',
    '*b',
    ': &a ',
    ': &b\n  ',
    '- &a ',
    ': *a\n',
    '- *b\n',
    ', *a',
    '!t ',
    '!!str ',
    '%',
    '---\n',
    '...\n',
    '--- ',
  ],
  ...[
    '1',
    '0',
    '-1',
    '0x1f',
    '0o7',
    '007',
    '1.5',
    '.5',
    '1.',
    '1e3',
    '1_0',
    '+1',
    '-0',
    '9007199254740993',
    '1e999',
    '1.2345678901234567890',
    '1e-400',
    '1.10',
    '-0.0',
    '00',
  ],
  ...[
    '.inf',
    '.nan',
    '-.inf',
    '~',
    'null',
    'true',
    'False',
    'yes',
    'no',
    'on',
    '2001-01-01',
    '12:30:00',
    '0b1',
  ],
  ...[
    'é',
    '…',
    '’ —',
    '\u{1F600}',
    '\u2028',
    '\uFEFF',
    '\r\n',
    '\r',
    '\x85',
    '\u00a0',
    '\x07',
    '@',
    '`',
    '<<',
    '__proto__',
    '=',
  ],
  ...['//', 'http://x', 'a:b', 'a#b', '"a\\tb"', '"a\n b"', 'constructor'],
];
const token = fc.constantFrom(...TOKENS);
const soup = fc.array(token, { maxLength: 14 }).map((tokens) => tokens.join(''));
const begun = fc
  .tuple(
    fc.constantFrom(
      'a:',
      'a: ',
      'a:\n',
      'a:\n  - ',
      'routes:\n  - id: x\n    uri: ',
      'a: {',
      'a: [',
      'a: "',
      'a: |\n  ',
    ),
    soup,
    fc.constantFrom('', '\n', '\nb: 1\n', '}', '}\n', ']\nc: 2\n', '"', '\n  c: 3\n'),
  )
  .map((parts) => parts.join(''));

const key = fc.oneof(fc.string(), token);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(
      token,
      fc.string({ unit: token }),
      fc.string(),
      fc.integer(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
    ),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  ),
}));
const style: fc.Arbitrary<ToStringOptions> = fc.record({
  indent: fc.constantFrom(2, 4),
  lineWidth: fc.constantFrom(0, 20, 80),
  collectionStyle: fc.constantFrom('any', 'block', 'flow'),
  defaultStringType: fc.constantFrom(
    'PLAIN',
    'QUOTE_SINGLE',
    'QUOTE_DOUBLE',
    'BLOCK_LITERAL',
    'BLOCK_FOLDED',
  ),
  indentSeq: fc.boolean(),
});
const written = fc
  .tuple(fc.dictionary(key, value, { maxKeys: 5 }), style)
  .map(([data, options]) => stringify(data, options));
/** What stands in several places has an anchor at the first of them, and aliases at the others. */
const shared = fc
  .tuple(
    fc.array(value, { minLength: 1, maxLength: 3 }),
    fc.array(fc.nat({ max: 5 }), { maxLength: 6 }),
    style,
  )
  .map(([parts, order, options]) => {
    const data: Record<string, unknown> = {};
    for (const [index, each] of order.entries()) {
      const part = parts[each % parts.length];
      data[`k${index}`] = [part, [part], { part, data: { ...data } }, { part }][(each + index) % 4];
    }
    return stringify(data, options);
  });
const edit = (texts: fc.Arbitrary<string>) =>
  fc
    .tuple(texts, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 6 }), token), { maxLength: 3 }))
    .map(([text, edits]) =>
      edits.reduce((now, [place, removed, added]) => {
        const at = place % (now.length + 1);
        return now.slice(0, at) + added + now.slice(at + removed);
      }, text),
    );

describe('a text without anything to say about it', () => {
  test.each([
    ['a soup of tokens', soup],
    ['one that begins well', begun],
    ['what was written by a program', written],
    ['the same, edited', edit(written)],
    ['one with anchors', shared],
    ['the same, edited', edit(shared)],
  ])('says the same to both parsers: %s', (_, texts) => {
    fc.assert(fc.property(texts, limits, expectTheSame), { numRuns: runs(100, 3_000) });
  });

  test('is taken in the form that files of the gateway have', () => {
    const text = [
      '# the routes of the app',
      'upstreams:',
      '  - id: u1 # the first',
      '    nodes: { "127.0.0.1:20000": 1, \'b:1\': 2 }',
      'routes:',
      '',
      '- id: r1',
      '  uri: /a/*',
      '  methods: [GET, POST]',
      '  vars: [[arg_a, "==", "1"],',
      '    [arg_b, ">", 2.5]]',
      '  plugins:',
      '    key-auth: {}',
      '    serverless-pre-function:',
      '      functions:',
      '        - |',
      '          return function(conf, ctx)',
      '            -- "quoted", # not a comment',
      '          end',
      '    limit-count: { count: 100, time_window: 60, key: "${name}" }',
      '  desc:',
      '',
    ].join('\n');
    const data = parsePlainYaml(text, LIMITS);
    expect(data).toBeDefined();
    expect(data).toStrictEqual(slowly(text).data);
  });

  test.each([
    ['a number that loses digits', 'a: 9007199254740993'],
    ['a number beyond all numbers', 'a: 1e999'],
    ['a key that is no text', '1: a'],
    ['a key twice', 'a: 1\na: 2'],
    ['a key that JavaScript has taken', '__proto__: 1'],
    ['a merge', '<<: { a: 1 }'],
    ['an anchor of nothing', 'a: &x\nb: 1'],
    ['an anchor of a key', '&x a: 1'],
    ['an anchor twice', 'a: &x 1\nb: &x 2'],
    ['an alias without its anchor', 'a: *x'],
    ['an alias to what is around it', 'a: &x\n  b: *x'],
    ['an alias as a key', 'a: &x b\n*x : 1'],
    [
      'aliases that stand for too much',
      ['a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]']
        .concat(
          ['b', 'c', 'd', 'e', 'f', 'g', 'h'].map(
            (name, index) => `${name}: &${name} [${`*${'abcdefgh'[index]}, `.repeat(10)}]`,
          ),
        )
        .join('\n'),
    ],
    ['a tag', 'a: !!str 1'],
    ['a second document', 'a: 1\n---\nb: 1'],
    ['a directive', '%YAML 1.1\n---\na: yes'],
    ['a list at the top', '- a'],
    ['nothing', ''],
    ['a tab', 'a:\t1'],
    ['no YAML', 'a: "b'],
    ['marks of a conflict', '<<<<<<< HEAD: 1\n<<<<<<< : 2'],
    ['more values than it may hold', `a: [${'1, '.repeat(LIMITS.maxValues)}]`],
  ])('is not what holds %s', (_, text) => {
    expect(parsePlainYaml(text, LIMITS)).toBeUndefined();
  });

  test('is what all files of the template are that have no folded texts', () => {
    const template = join(import.meta.dirname, '../../templates/stack');
    const files = readdirSync(template, { recursive: true, encoding: 'utf8' }).filter(
      (file) =>
        !file.includes('node_modules') &&
        (/^(flows|event-schemas|chaos)\/|topology/.test(file) || file === 'qbtc.yaml'),
    );
    const read = files.filter((file) => /\.(ya?ml|json)$/.test(file));
    expect(read.length).toBeGreaterThan(20);
    const others = read.filter((file) => {
      const text = readFileSync(join(template, file), 'utf8');
      return !text.includes('>-') && parsePlainYaml(text, LIMITS) === undefined;
    });
    expect(others).toEqual([]);
  });

  test('keeps what is written of a value that is text, and what is empty', () => {
    const text = 'env: { A: 1.10, B: 0x1f, C: ~, D: , E: "2", F: yes, G: on it, H: [1.0] }\nother: 1.10\n';
    const isText = (path: FieldPath) => path.length === 2 && path[0] === 'env';
    const env = { A: '1.10', B: '0x1f', C: null, D: null, E: '2', F: 'yes', G: 'on it', H: [1] };
    expect(parsePlainYaml(text, { ...LIMITS, isText })).toEqual({ env, other: 1.1 });
  });

  test('has copies of what aliases stand for', () => {
    const text = 'a: &x\n  b: &y [1, { c: 1.0 }]\n  d: *y\ne: *x\nf: [*y, &z 2.50, *z]\n';
    const data = parsePlainYaml(text, LIMITS) as {
      a: { b: unknown[]; d: unknown[] };
      e: { d: unknown[] };
      f: unknown;
    };
    const list = [1, { c: 1 }];
    const inside = { b: list, d: list };
    expect(data).toEqual({ a: inside, e: inside, f: [list, 2.5, 2.5] });
    data.a.b.push(3);
    data.a.d.push(3);
    expect(data.e).toEqual(inside);
  });

  test('is not what has an alias where a text is', () => {
    const isText = (path: FieldPath) => path[0] === 'b' && path.length === 2;
    expect(parsePlainYaml('a: &x { c: 1.0 }\nb: *x\n', { ...LIMITS, isText })).toBeUndefined();
    expect(parsePlainYaml('b: &x { c: 1.0 }\na: *x\n', { ...LIMITS, isText })).toEqual({
      b: { c: '1.0' },
      a: { c: 1 },
    });
  });

  test('has its places all the same', () => {
    const document = parseStackDocument('a: 1\nb:\n  - c: x ${y}\n');
    expect(parsePlainYaml('a: 1\nb:\n  - c: x ${y}\n', LIMITS)).toEqual(document.data);
    expect(document.at(['b', 0, 'c'])).toEqual({ line: 3, column: 8 });
    expect(document.keyAt(['b'])).toEqual({ line: 2, column: 1 });
    expect(document.within(['b', 0, 'c'], '${y}')).toEqual({ line: 3, column: 10 });
  });
});
