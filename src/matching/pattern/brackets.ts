import { anyCase, type ByteSet, not, nothing, one, POSIX, range, TYPES } from './byte-set.ts';
import type { Cursor } from './cursor.ts';
import { escaped } from './escape.ts';

/** The bytes that brackets stand for, from behind the opening one. */
export function brackets(cursor: Cursor, start: number, caseless: boolean): ByteSet {
  const negated = cursor.take('^');
  let set = nothing;
  let first = true;
  while (first || cursor.peek() !== ']') {
    if (cursor.peek() === undefined) cursor.fail('missing terminating ] for character class', start);
    first = false;
    if (cursor.take('\\E')) continue;
    if (cursor.take('\\Q')) {
      const end = cursor.source.indexOf('\\E', cursor.at);
      if (end === -1) cursor.fail('missing terminating ] for character class', start);
      for (const character of cursor.source.slice(cursor.at, end)) set |= one(character.charCodeAt(0));
      cursor.at = end + 2;
      continue;
    }
    set |= member(cursor);
  }
  cursor.at += 1;
  const folded = caseless ? anyCase(set) : set;
  return negated ? not(folded) : folded;
}

/** A byte, a range or a class in brackets. */
function member(cursor: Cursor): ByteSet {
  const start = cursor.at;
  const low = item(cursor);
  if (
    cursor.peek() !== '-' ||
    cursor.source[cursor.at + 1] === ']' ||
    cursor.at + 1 >= cursor.source.length
  ) {
    return low.set;
  }
  cursor.at += 1;
  const high = item(cursor);
  if (low.byte === undefined || high.byte === undefined) {
    cursor.fail('invalid range in character class', start);
  }
  if (high.byte < low.byte) cursor.fail('range out of order in character class', start);
  return range(low.byte, high.byte);
}

/** `byte` when it is one that a range may begin or end with. */
function item(cursor: Cursor): { set: ByteSet; byte: number | undefined } {
  const start = cursor.at;
  const posix = cursor.match(/^\[([:.=])(\^?)(\w*)\1\]/, 16);
  if (posix !== null) {
    const set = posix[1] === ':' ? POSIX.get(posix[3] ?? '') : undefined;
    if (set === undefined) return cursor.fail('unknown POSIX class name', start);
    cursor.at += posix[0].length;
    return { set: posix[2] === '^' ? not(set) : set, byte: undefined };
  }
  const character = cursor.next();
  if (character !== '\\') return single(character.charCodeAt(0));
  const letter = cursor.peek();
  if (letter === undefined) return cursor.fail('\\ at end of pattern', start);
  if (letter === 'b') {
    cursor.at += 1;
    return single(0x08);
  }
  if (/[89]/.test(letter) || letter === 'B')
    return cursor.fail('unrecognized escape in character class', start);
  const set = escaped(cursor, start);
  return TYPES.has(letter.toLowerCase()) ? { set, byte: undefined } : { set, byte: byteIn(set) };
}

const single = (byte: number) => ({ set: one(byte), byte });

const byteIn = (set: ByteSet): number => set.toString(2).length - 1;
