import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { messageOf, QbtcError } from './errors.ts';

/**
 * Reads a file that people write. Editors put a byte order mark before the text (RFC 3629, section 6): it is no part of
 * it. Bytes that are not UTF-8 would become other characters in silence: they are refused.
 *
 * @throws QbtcError `NOT_UTF8` with file, line and column; what the file system says is thrown as it is
 */
export async function readTextFile(file: string): Promise<string> {
  return decodeText(await readFile(file), file);
}

/** The same for what cannot wait. */
export function readTextFileSync(file: string): string {
  return decodeText(readFileSync(file), file);
}

/**
 * The text that these bytes are, without a byte order mark.
 *
 * @param source what messages call it: a file, or "standard input"
 * @throws QbtcError `NOT_UTF8`
 */
export function decodeText(bytes: Uint8Array, source: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw notText(bytes, source);
  }
}

/** A text that was decoded elsewhere, without a byte order mark. */
export function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/** What is thrown for a file that cannot be read: what says so itself stays as it is. */
export function unreadable(
  code: string,
  what: string,
  error: unknown,
  options: { hint?: string } = {},
): QbtcError {
  if (error instanceof QbtcError) return error;
  return new QbtcError(code, `${what} cannot be read: ${messageOf(error)}`, { ...options, cause: error });
}

const MARKS_OF_UTF16 = [
  [0xff, 0xfe],
  [0xfe, 0xff],
];

function notText(bytes: Uint8Array, source: string): QbtcError {
  const wide = MARKS_OF_UTF16.some((mark) => mark.every((byte, index) => bytes[index] === byte));
  const at = wide ? 0 : firstFault(bytes);
  const before = bytes.subarray(0, at);
  const line = before.reduce((count, byte) => (byte === NEWLINE ? count + 1 : count), 1);
  const start = before.lastIndexOf(NEWLINE) + 1;
  const column = new TextDecoder().decode(before.subarray(start)).length + 1;
  const byte = `the byte 0x${bytes[at]?.toString(16).toUpperCase().padStart(2, '0')}`;
  const found = wide ? 'the mark of UTF-16' : byte;
  return new QbtcError('NOT_UTF8', `${source}:${line}:${column}: found ${found}, expected text in UTF-8`, {
    hint: wide
      ? `save it as UTF-8: iconv -f UTF-16 -t UTF-8 ${source}`
      : 'save it as UTF-8 (an older encoding is converted by: iconv -f WINDOWS-1252 -t UTF-8 FILE)',
  });
}

const NEWLINE = 0x0a;

/** Where the first sequence begins that UTF-8 does not have. */
function firstFault(bytes: Uint8Array): number {
  // The longest beginning that decodes: what is taken as a stream may lack the end of a sequence of four bytes at most.
  let [low, high] = [0, bytes.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (decodes(bytes.subarray(0, middle), { stream: true })) low = middle;
    else high = middle - 1;
  }
  while (!decodes(bytes.subarray(0, low))) low -= 1;
  return low;
}

function decodes(bytes: Uint8Array, options: { stream?: boolean } = {}): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, options);
    return true;
  } catch {
    return false;
  }
}
