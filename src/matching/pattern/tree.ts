import type { ByteSet } from './byte-set.ts';

/** Where a match stands, without taking a byte. `last-line-end` is PCRE's `$`: at the end, or before a last newline. */
export type Place = 'start' | 'end' | 'last-line-end' | 'line-start' | 'line-end' | 'word' | 'not-word';

/** What a pattern means. Case, comments, classes and flags are gone: what is left is bytes. */
export type Tree =
  | { kind: 'byte'; of: ByteSet }
  | { kind: 'sequence'; parts: readonly Tree[] }
  | { kind: 'choice'; branches: readonly Tree[] }
  | { kind: 'repeat'; of: Tree; min: number; max: number; lazy: boolean }
  | { kind: 'group'; index: number; of: Tree }
  | { kind: 'place'; at: Place }
  | { kind: 'look'; behind: boolean; negative: boolean; of: Tree };

export interface ParsedPattern {
  tree: Tree;
  /** How many groups capture. */
  groups: number;
}

/** All trees that stand directly in one. */
export function partsOf(tree: Tree): readonly Tree[] {
  if (tree.kind === 'sequence') return tree.parts;
  if (tree.kind === 'choice') return tree.branches;
  return 'of' in tree && tree.kind !== 'byte' ? [tree.of] : [];
}

/** How many bytes a match takes, at least and at most. */
export function lengthOf(tree: Tree): { least: number; most: number } {
  const lengths = partsOf(tree).map(lengthOf);
  const [first = { least: 0, most: 0 }] = lengths;
  switch (tree.kind) {
    case 'byte':
      return { least: 1, most: 1 };
    case 'sequence':
      return {
        least: lengths.reduce((sum, each) => sum + each.least, 0),
        most: lengths.reduce((sum, each) => sum + each.most, 0),
      };
    case 'choice':
      return {
        least: Math.min(...lengths.map((each) => each.least)),
        most: Math.max(...lengths.map((each) => each.most)),
      };
    case 'repeat':
      return { least: first.least * tree.min, most: first.most === 0 ? 0 : first.most * tree.max };
    case 'group':
      return first;
    default:
      return { least: 0, most: 0 };
  }
}
