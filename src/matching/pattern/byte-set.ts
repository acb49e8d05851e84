/** A set of bytes: bit n stands for byte n. */
export type ByteSet = bigint;

const SIZE = 256;

export const nothing: ByteSet = 0n;
export const everything: ByteSet = (1n << BigInt(SIZE)) - 1n;

export const one = (byte: number): ByteSet => 1n << BigInt(byte);

/** From one byte to another, both in it. */
export const range = (first: number, last: number): ByteSet =>
  ((1n << BigInt(last - first + 1)) - 1n) << BigInt(first);

export const not = (set: ByteSet): ByteSet => everything & ~set;

export const has = (set: ByteSet, byte: number): boolean => ((set >> BigInt(byte)) & 1n) === 1n;

export const bytes = (text: string): ByteSet =>
  [...text].reduce((set, character) => set | one(character.charCodeAt(0)), nothing);

const LOWER = range(0x61, 0x7a);
const UPPER = range(0x41, 0x5a);
const CASE = 0x20n;

/** With the other case of each ASCII letter: PCRE's tables know no other letters. */
export const anyCase = (set: ByteSet): ByteSet => set | ((set & UPPER) << CASE) | ((set & LOWER) >> CASE);

/** The ranges of the set, in their order. */
export function rangesOf(set: ByteSet): [number, number][] {
  const ranges: [number, number][] = [];
  for (let byte = 0; byte < SIZE; byte++) {
    if (!has(set, byte)) continue;
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === byte - 1) last[1] = byte;
    else ranges.push([byte, byte]);
  }
  return ranges;
}

const digit = range(0x30, 0x39);
const letter = LOWER | UPPER;
const space = bytes(' \t\n\v\f\r');
const printable = range(0x20, 0x7e);
const visible = range(0x21, 0x7e);

/** What a letter behind a backslash stands for (pcre2pattern, "Generic character types"); the capital is the rest. */
export const TYPES: ReadonlyMap<string, ByteSet> = new Map([
  ['d', digit],
  ['w', letter | digit | one(0x5f)],
  ['s', space],
  ['h', bytes('\t \u00a0')],
  ['v', bytes('\n\v\f\r\u0085')],
]);

/** Classes of POSIX, as `[:NAME:]` in brackets. */
export const POSIX: ReadonlyMap<string, ByteSet> = new Map([
  ['alnum', letter | digit],
  ['alpha', letter],
  ['ascii', range(0, 0x7f)],
  ['blank', bytes(' \t')],
  ['cntrl', range(0, 0x1f) | one(0x7f)],
  ['digit', digit],
  ['graph', visible],
  ['lower', LOWER],
  ['print', printable],
  ['punct', visible & ~(letter | digit)],
  ['space', space],
  ['upper', UPPER],
  ['word', letter | digit | one(0x5f)],
  ['xdigit', digit | range(0x41, 0x46) | range(0x61, 0x66)],
]);

export const NEWLINE = one(0x0a);
