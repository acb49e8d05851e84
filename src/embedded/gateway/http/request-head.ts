import { isClean, listOf, parseFields, refuseBareLineFeed } from './fields.ts';
import { announcedFraming, type Framing, isPersistent } from './framing.ts';
import type { HeaderList } from './header-list.ts';
import { Malformed } from './malformed.ts';

/** The head of a request (RFC 9112, 3), in text of one character a byte. */
export interface RequestHead {
  method: string;
  target: string;
  /** A minor version that is higher than 1 is served as 1 (RFC 9110, 2.5). */
  version: '1.0' | '1.1';
  headers: HeaderList;
  framing: Framing;
  /** Whether the client's connection may serve another request after this one (RFC 9112, 9.3). */
  persistent: boolean;
  /** The client waits with its body until it is told to go on (RFC 9110, 10.1.1). */
  expectsContinue: boolean;
  /** Bytes of the head. */
  length: number;
}

/** As many bytes as a head may have. */
export const MOST_HEAD_BYTES = 32 * 1024;

const END = Buffer.from('\r\n\r\n');
const CR = 0x0d;
const LF = 0x0a;

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([^ \t\r\n]+) HTTP\/(\d)\.(\d)\r\n/;

/**
 * Reads the head that begins at `start`; `undefined` while it is not whole. Empty lines before it are skipped
 * (RFC 9112, 2.2); they count for its length.
 *
 * @throws Malformed
 */
export function readRequestHead(bytes: Buffer, start: number): RequestHead | undefined {
  let from = start;
  while (bytes[from] === CR && bytes[from + 1] === LF) from += 2;
  const end = bytes.indexOf(END, from);
  if (end === -1) {
    refuseEarly(bytes, from, start);
    return undefined;
  }
  const length = end + END.length - start;
  if (length > MOST_HEAD_BYTES) throw tooLong(bytes.toString('latin1', from, from + MOST_HEAD_BYTES));
  const text = bytes.toString('latin1', from, end + 2);
  const line = REQUEST_LINE.exec(text);
  if (line === null || !isClean(text)) throw malformedHead(text);
  const [all, method = '', target = '', major, minor] = line;
  if (major !== '1') throw new Malformed('version', `HTTP/${major}.${minor}`, 505);
  const version = minor === '0' ? '1.0' : '1.1';
  const headers = parseFields(text, all.length);
  return {
    method,
    target,
    version,
    headers,
    framing: announcedFraming(headers, version) ?? 0,
    persistent: isPersistent(headers, version),
    expectsContinue: expectsContinue(headers, version),
    length,
  };
}

/** What can never become a head is not waited for. */
function refuseEarly(bytes: Buffer, from: number, start: number): void {
  if (bytes.length - start > MOST_HEAD_BYTES) throw tooLong(bytes.toString('latin1', from));
  refuseBareLineFeed(bytes, from);
}

/** nginx answers 414 when it is the request line that does not fit. */
function tooLong(text: string): Malformed {
  return text.includes('\r\n')
    ? new Malformed('fields-too-long', 'the fields are too long', 431)
    : new Malformed('request-line', 'the request line is too long', 414);
}

function malformedHead(text: string): Malformed {
  const line = text.slice(0, text.indexOf('\r\n'));
  const version = / HTTP\/(\d+)\.(\d+)$/.exec(line);
  if (version !== null && version[1] !== '1' && version[1] !== '0')
    return new Malformed('version', `HTTP/${version[1]}.${version[2]}`, 505);
  return REQUEST_LINE.test(text)
    ? new Malformed('field', 'a control character or a line end of its own in the head')
    : new Malformed('request-line', 'a request line that is none');
}

function expectsContinue(headers: HeaderList, version: '1.0' | '1.1'): boolean {
  // A client of HTTP/1.0 cannot have meant it (RFC 9110, 10.1.1).
  if (version === '1.0' || !headers.has('expect')) return false;
  const expected = listOf(headers, 'expect');
  if (expected.length !== 1 || expected[0] !== '100-continue')
    throw new Malformed('expectation', 'an expectation other than 100-continue', 417);
  return true;
}
