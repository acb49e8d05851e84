import { type ByteSet, everything, nothing, rangesOf } from './byte-set.ts';
import type { Engine } from './engine.ts';
import { lengthOf, type ParsedPattern, type Place, partsOf, type Tree } from './tree.ts';

/** What a backtracking engine may do for a part; a degree n stands for the n-th power of the text's length. */
interface Cost {
  /** In how many ways the part may match from one place: each is one more try for what follows it. */
  ways: number;
  /** How many of them there are beside that. */
  factor: number;
  /** How much it has to look at for all of them together. */
  work: number;
}

const MOST_WAYS = 256;
const ONE_WAY: Cost = { ways: 0, factor: 1, work: 0 };
const ENDLESS: Cost = { ways: Number.POSITIVE_INFINITY, factor: 1, work: Number.POSITIVE_INFINITY };

/**
 * V8's engine is the fastest, and backtracks: it gets the patterns for which what it may do grows no faster than the
 * text. Nor does it get those that it reads otherwise than PCRE: JavaScript forgets the groups of an earlier iteration.
 * `undefined` for all of these.
 */
export function nativeEngine({ tree }: ParsedPattern): Engine | undefined {
  const { work, factor } = costOf(tree, everything);
  const beginnings = isAnchored(tree) ? 0 : 1;
  if (work + beginnings > 1 || factor > MOST_WAYS) return undefined;
  const expression = new RegExp(sourceOf(tree), 'g');
  return {
    test(text) {
      expression.lastIndex = 0;
      return expression.test(text);
    },
    read: (text) => ({
      next(from) {
        expression.lastIndex = from;
        const match = expression.exec(text);
        if (match === null) return undefined;
        const captures = Array.from(match, (each) => each ?? '');
        return { start: match.index, end: expression.lastIndex, captures };
      },
    }),
  };
}

/** @param follow the bytes that can come next behind the part */
function costOf(tree: Tree, follow: ByteSet): Cost {
  switch (tree.kind) {
    case 'byte':
    case 'place':
      return ONE_WAY;
    case 'choice': {
      const all = tree.branches.map((branch) => costOf(branch, follow));
      return {
        ways: Math.max(...all.map((each) => each.ways)),
        factor: all.reduce((sum, each) => sum + each.factor, 0),
        work: Math.max(...all.map((each) => each.work)),
      };
    }
    case 'sequence': {
      let next = follow;
      return tree.parts.reduceRight((behind, part) => {
        const cost = costOf(part, next);
        next = firstOf(part, next);
        return inTurn(cost, behind);
      }, ONE_WAY);
    }
    case 'repeat':
      return costOfRepeat(tree, follow);
    case 'group':
      return costOf(tree.of, follow);
    case 'look':
      return costOf(tree.of, everything);
  }
}

const inTurn = (first: Cost, then: Cost): Cost => ({
  ways: first.ways + then.ways,
  factor: first.factor * then.factor,
  work: Math.max(first.work, first.ways + then.work),
});

function costOfRepeat({ of, min, max }: Tree & { kind: 'repeat' }, follow: ByteSet): Cost {
  if (max === 0) return ONE_WAY;
  const { ways, factor, work } = costOf(of, max === 1 ? follow : everything);
  if (max === 1) return { ways, work, factor: factor + 1 - min };
  if (work > 0 || factor > 1 || lengthOf(of).least === 0 || captures(of)) return ENDLESS;
  const scan = max === Number.POSITIVE_INFINITY || max - min >= MOST_WAYS ? 1 : 0;
  // What stops at a byte that alone can come next has one way: a shorter one is no try.
  const settled = of.kind === 'byte' && (of.of & follow) === nothing;
  if (settled) return { ways: 0, factor: 1, work: scan };
  return scan === 1 ? { ways: 1, factor: 1, work: 1 } : { ways: 0, factor: max - min + 1, work: 0 };
}

/** The bytes that a match of the part, and what follows it, can begin with. */
function firstOf(tree: Tree, follow: ByteSet): ByteSet {
  switch (tree.kind) {
    case 'byte':
      return tree.of;
    case 'choice':
      return tree.branches.reduce((set, branch) => set | firstOf(branch, follow), nothing);
    case 'sequence':
      return tree.parts.reduceRight((next, part) => firstOf(part, next), follow);
    case 'repeat':
      return tree.min === 0 || lengthOf(tree.of).least === 0
        ? firstOf(tree.of, follow) | follow
        : firstOf(tree.of, everything);
    case 'group':
      return firstOf(tree.of, follow);
    default:
      return follow;
  }
}

const captures = (tree: Tree): boolean => tree.kind === 'group' || partsOf(tree).some(captures);

function isAnchored(tree: Tree): boolean {
  if (tree.kind === 'place') return tree.at === 'start';
  if (tree.kind === 'choice') return tree.branches.every(isAnchored);
  if (tree.kind === 'group') return isAnchored(tree.of);
  return tree.kind === 'sequence' && tree.parts[0] !== undefined && isAnchored(tree.parts[0]);
}

const PLACES: Readonly<Record<Place, string>> = {
  start: '^',
  end: '$',
  'last-line-end': '(?=\\n?$)',
  'line-start': '(?:^|(?<=\\n)(?!$))',
  'line-end': '(?=\\n|$)',
  word: '\\b',
  'not-word': '\\B',
};

/** The tree in JavaScript's syntax, as little of it as will do. */
function sourceOf(tree: Tree): string {
  switch (tree.kind) {
    case 'byte':
      return sourceOfSet(tree.of);
    case 'sequence':
      return tree.parts.map(sourceOf).join('');
    case 'choice':
      return `(?:${tree.branches.map(sourceOf).join('|')})`;
    case 'repeat': {
      const { min, max, lazy } = tree;
      return `(?:${sourceOf(tree.of)}){${min},${max === Number.POSITIVE_INFINITY ? '' : max}}${lazy ? '?' : ''}`;
    }
    case 'group':
      return `(${sourceOf(tree.of)})`;
    case 'place':
      return PLACES[tree.at];
    case 'look':
      return `(?${tree.behind ? '<' : ''}${tree.negative ? '!' : '='}${sourceOf(tree.of)})`;
  }
}

function sourceOfSet(set: ByteSet): string {
  if (set === everything) return '[\\s\\S]';
  if (set === nothing) return '[]';
  const ranges = rangesOf(set);
  const written = ranges.map(([first, last]) =>
    first === last ? escaped(first) : `${escaped(first)}-${escaped(last)}`,
  );
  return ranges.length === 1 && ranges[0]?.[0] === ranges[0]?.[1]
    ? (written[0] as string)
    : `[${written.join('')}]`;
}

function escaped(byte: number): string {
  const character = String.fromCharCode(byte);
  return /\w/.test(character) ? character : `\\x${byte.toString(16).padStart(2, '0')}`;
}
