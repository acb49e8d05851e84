/**
 * The grammar of HTTP/1.1 messages as the fuzz test reads it: written from RFC 9112 for this test, apart from the
 * gateway's own parser, and without its leniences. All text is one character a byte.
 */

export type Field = readonly [name: string, value: string];

interface Message {
  fields: Field[];
  /** Without its framing. */
  body: string;
  trailers: Field[];
  /** Where it ends. */
  end: number;
}

export interface Request extends Message {
  method: string;
  target: string;
  minor: number;
  /** The connection serves no other request after this one (9.3). */
  closes: boolean;
}

export interface Answer extends Message {
  status: number;
  phrase: string;
  closes: boolean;
  /** Nothing but the end of the connection ends its body (6.3, 8). */
  untilClose: boolean;
}

/** Why there is no message. */
export interface NoMessage {
  /** What is there can never become one, for this reason; `undefined` where it is the beginning of one. */
  malformed: string | undefined;
  /** The method, where the request line says one. */
  method?: string;
}

const INCOMPLETE: NoMessage = { malformed: undefined };

export const isMessage = <Read extends object>(read: Read | NoMessage): read is Read =>
  !('malformed' in read);

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e\x80-\xff]+) HTTP\/1\.(\d)$/;
const STATUS_LINE = /^HTTP\/1\.(\d) (\d{3})(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
const CHUNK_SIZE = /^([0-9A-Fa-f]{1,13})(?:;[\t\x20-\x7e\x80-\xff]*)?$/;

/** The values of a field, in their order. */
export const valuesOf = (fields: readonly Field[], name: string): string[] =>
  fields.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);

/** The members of a list field (RFC 9110, 5.6.1), in lower case. */
export const membersOf = (fields: readonly Field[], name: string): string[] =>
  valuesOf(fields, name)
    .flatMap((value) => value.split(','))
    .map((member) => member.trim().toLowerCase())
    .filter((member) => member !== '');

/** The request that begins at `start`. Empty lines before it are passed over (2.2). */
export function readRequest(text: string, start: number): Request | NoMessage {
  let from = start;
  while (text.startsWith('\r\n', from)) from += 2;
  const head = readHead(text, from);
  if (!isMessage(head)) return head;
  const line = REQUEST_LINE.exec(head.startLine);
  if (line === null) return { malformed: `the request line ${JSON.stringify(head.startLine)}` };
  const [, method = '', target = '', minorText] = line;
  const minor = Number(minorText);
  const hosts = valuesOf(head.fields, 'host');
  if (hosts.length > 1 || (hosts.length === 0 && minor > 0))
    return { malformed: `${hosts.length} Host fields`, method };
  const framing = framingOf(head.fields, minor);
  if (typeof framing === 'object') return { ...framing, method };
  const rest = readBody(text, head.end, framing ?? 0);
  if (!isMessage(rest)) return { ...rest, method };
  return { method, target, minor, fields: head.fields, closes: closes(head.fields, minor), ...rest };
}

/**
 * The answer that begins at `start`, to a request of that method.
 *
 * @param closed nothing comes behind `text`
 */
export function readAnswer(text: string, start: number, method: string, closed: boolean): Answer | NoMessage {
  const head = readHead(text, start);
  if (!isMessage(head)) return head;
  const line = STATUS_LINE.exec(head.startLine);
  if (line === null) return { malformed: `the status line ${JSON.stringify(head.startLine)}` };
  const [, minorText, statusText, phrase = ''] = line;
  const [minor, status] = [Number(minorText), Number(statusText)];
  const framing = framingOf(head.fields, minor);
  if (typeof framing === 'object') return framing;
  const bodiless = method === 'HEAD' || status < 200 || status === 204 || status === 304;
  const untilClose = !bodiless && framing === undefined;
  if (untilClose && !closed) return INCOMPLETE;
  const rest = untilClose
    ? { body: text.slice(head.end), trailers: [], end: text.length }
    : readBody(text, head.end, bodiless ? 0 : (framing ?? 0));
  if (!isMessage(rest)) return rest;
  return { status, phrase, fields: head.fields, closes: closes(head.fields, minor), untilClose, ...rest };
}

interface Head {
  startLine: string;
  fields: Field[];
  end: number;
}

/** The lines up to the empty one. One that can be none is found before the empty line has come. */
function readHead(text: string, start: number): Head | NoMessage {
  let startLine: string | undefined;
  const fields: Field[] = [];
  for (let at = start; ; ) {
    const lineFeed = text.indexOf('\n', at);
    if (lineFeed === -1) return INCOMPLETE;
    if (text[lineFeed - 1] !== '\r' || lineFeed - 1 < at) return { malformed: 'a line end without CR' };
    const line = text.slice(at, lineFeed - 1);
    at = lineFeed + 1;
    if (startLine === undefined) {
      startLine = line;
      continue;
    }
    if (line === '') return { startLine, fields, end: at };
    const field = fieldOf(line);
    if (field === undefined) return { malformed: `the field ${JSON.stringify(line)}` };
    fields.push(field);
  }
}

function fieldOf(line: string): Field | undefined {
  const colon = line.indexOf(':');
  const name = line.slice(0, colon);
  const value = line.slice(colon + 1).replace(/^[\t ]+|[\t ]+$/g, '');
  return colon > 0 && TOKEN.test(name) && VALUE.test(value) ? [name, value] : undefined;
}

type Framing = number | 'chunked';

/** Section 6.3, with everything refused that two readers could see differently. */
function framingOf(fields: readonly Field[], minor: number): Framing | undefined | NoMessage {
  const codings = valuesOf(fields, 'transfer-encoding');
  const lengths = valuesOf(fields, 'content-length');
  if (codings.length > 0) {
    if (lengths.length > 0) return { malformed: 'both lengths' };
    if (minor === 0) return { malformed: 'chunks in HTTP/1.0' };
    if (codings.length > 1 || codings[0]?.toLowerCase() !== 'chunked')
      return { malformed: `the coding ${codings.join(' and ')}` };
    return 'chunked';
  }
  const [length] = lengths;
  if (length === undefined) return undefined;
  if (lengths.length > 1 || !/^\d{1,15}$/.test(length))
    return { malformed: `the length ${lengths.join(' and ')}` };
  return Number(length);
}

function readBody(
  text: string,
  start: number,
  framing: Framing,
): { body: string; trailers: Field[]; end: number } | NoMessage {
  if (framing !== 'chunked') {
    const end = start + framing;
    return end > text.length ? INCOMPLETE : { body: text.slice(start, end), trailers: [], end };
  }
  let body = '';
  for (let at = start; ; ) {
    const lineFeed = text.indexOf('\n', at);
    if (lineFeed === -1) return INCOMPLETE;
    if (text[lineFeed - 1] !== '\r') return { malformed: 'a line end without CR in a chunk' };
    const line = text.slice(at, lineFeed - 1);
    const [, digits] = CHUNK_SIZE.exec(line) ?? [];
    if (digits === undefined) return { malformed: `the chunk size ${JSON.stringify(line)}` };
    const size = Number.parseInt(digits, 16);
    at = lineFeed + 1;
    if (size === 0) return readTrailers(text, at, body);
    if (at + size + 2 > text.length) {
      const behind = text.slice(at + size);
      return '\r\n'.startsWith(behind) ? INCOMPLETE : { malformed: 'a chunk that is longer than its size' };
    }
    if (text.slice(at + size, at + size + 2) !== '\r\n')
      return { malformed: 'a chunk that is longer than its size' };
    body += text.slice(at, at + size);
    at += size + 2;
  }
}

function readTrailers(text: string, start: number, body: string) {
  const trailers: Field[] = [];
  for (let at = start; ; ) {
    const lineFeed = text.indexOf('\n', at);
    if (lineFeed === -1) return INCOMPLETE;
    if (text[lineFeed - 1] !== '\r') return { malformed: 'a line end without CR in the trailers' };
    const line = text.slice(at, lineFeed - 1);
    at = lineFeed + 1;
    if (line === '') return { body, trailers, end: at };
    const field = fieldOf(line);
    if (field === undefined) return { malformed: `the trailer ${JSON.stringify(line)}` };
    trailers.push(field);
  }
}

function closes(fields: readonly Field[], minor: number): boolean {
  const options = membersOf(fields, 'connection');
  if (options.includes('close')) return true;
  return minor === 0 && !options.includes('keep-alive');
}
