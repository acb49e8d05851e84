import { type ByteSet, not, one, TYPES } from './byte-set.ts';
import type { Cursor } from './cursor.ts';

const CONTROLS: ReadonlyMap<string, number> = new Map([
  ['a', 0x07],
  ['e', 0x1b],
  ['f', 0x0c],
  ['n', 0x0a],
  ['r', 0x0d],
  ['t', 0x09],
]);

/** One escape that stands for bytes, in brackets or outside; its backslash was read. */
export function escaped(cursor: Cursor, start: number): ByteSet {
  const letter = cursor.next();
  const type = TYPES.get(letter.toLowerCase());
  if (type !== undefined) return letter === letter.toLowerCase() ? type : not(type);
  const control = CONTROLS.get(letter);
  if (control !== undefined) return one(control);
  if (letter === 'x') return one(hexadecimal(cursor, start));
  if (letter === 'o') return one(braced(cursor, start, /^\{([0-7]+)\}/, 8));
  if (/[0-7]/.test(letter)) {
    const digits = cursor.match(/^[0-7]{0,2}/)?.[0] ?? '';
    cursor.at += digits.length;
    return one(inByte(cursor, Number.parseInt(letter + digits, 8), start));
  }
  if (letter === 'c') {
    const code = cursor.next().toUpperCase().charCodeAt(0);
    if (!(code >= 0x20 && code <= 0x7e))
      cursor.fail('\\c must be followed by a printable ASCII character', start);
    return one(code ^ 0x40);
  }
  if (/[A-Za-z0-9]/.test(letter)) {
    if ('pPXRKGCgkN'.includes(letter)) cursor.lacks(`\\${letter}`, start);
    cursor.fail(`unrecognized character follows \\`, start);
  }
  return one(letter.charCodeAt(0));
}

function hexadecimal(cursor: Cursor, start: number): number {
  if (cursor.peek() === '{') return braced(cursor, start, /^\{([0-9a-fA-F]+)\}/, 16);
  const digits = cursor.match(/^[0-9a-fA-F]{0,2}/)?.[0] ?? '';
  cursor.at += digits.length;
  return digits === '' ? 0 : Number.parseInt(digits, 16);
}

function braced(cursor: Cursor, start: number, form: RegExp, base: number): number {
  const found = cursor.match(form);
  if (found === null) return cursor.fail('malformed number in braces', start);
  cursor.at += found[0].length;
  return inByte(cursor, Number.parseInt(found[1] as string, base), start);
}

function inByte(cursor: Cursor, code: number, start: number): number {
  return code > 0xff ? cursor.fail('character code point value in \\x{} or \\o{} is too large', start) : code;
}
