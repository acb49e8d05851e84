import { HeaderList } from './header-list.ts';
import { Malformed } from './malformed.ts';

/** As many as nginx takes (`max_headers`). */
const MOST_FIELDS = 1_000;

/** RFC 9110, 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** What no head may hold: control characters but tabs, and line ends that are not CR LF (RFC 9112, 2.2). */
const FORBIDDEN = /[^\t\r\n\x20-\x7e\x80-\xff]|\r(?!\n)|(?<!\r)\n/;

export const isToken = (text: string): boolean => TOKEN.test(text);

/** True when no byte of the head, whose lines end in CR LF, is forbidden in one. */
export const isClean = (head: string): boolean => !FORBIDDEN.test(head);

const CR = 0x0d;
const LF = 0x0a;

/** Refuses, before a head is whole, a line end that it can never have. @throws Malformed */
export function refuseBareLineFeed(bytes: Buffer, from: number): void {
  for (let at = bytes.indexOf(LF, from); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    if (at === from || bytes[at - 1] !== CR) throw new Malformed('field', 'a line end without CR');
  }
}

/**
 * The fields in a text of whole lines that is clean, from `start` on (RFC 9112, 5).
 *
 * @throws Malformed for a line that is no field, a folded one among them, and for more fields than nginx takes
 */
export function parseFields(text: string, start: number): HeaderList {
  const flat: string[] = [];
  for (let at = start; at < text.length; ) {
    const end = text.indexOf('\r\n', at);
    const colon = text.indexOf(':', at);
    if (colon === -1 || colon > end) throw new Malformed('field', 'a field without a colon');
    const name = text.slice(at, colon);
    if (!TOKEN.test(name)) throw new Malformed('field', 'a field name that is no token');
    flat.push(name, withoutSpaceAround(text, colon + 1, end));
    if (flat.length > 2 * MOST_FIELDS) throw new Malformed('too-many-fields', 'too many fields');
    at = end + 2;
  }
  return new HeaderList(flat);
}

const SPACE = 0x20;
const TAB = 0x09;

function withoutSpaceAround(text: string, from: number, to: number): string {
  let [start, end] = [from, to];
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

const isSpace = (code: number): boolean => code === SPACE || code === TAB;

/** The members of a list field (RFC 9110, 5.6.1), in lower case; of several fields of one name all. */
export function listOf(headers: HeaderList, name: string): string[] {
  const members: string[] = [];
  for (const value of headers.all(name)) {
    for (const member of value.split(',')) {
      const trimmed = member.trim().toLowerCase();
      if (trimmed !== '') members.push(trimmed);
    }
  }
  return members;
}
