import { isClean, parseFields, refuseBareLineFeed } from './fields.ts';
import { announcedFraming, type Framing, isPersistent } from './framing.ts';
import type { HeaderList } from './header-list.ts';
import { Malformed } from './malformed.ts';

/** The head of an answer (RFC 9112, 4), in text of one character a byte. */
export interface AnswerHead {
  version: '1.0' | '1.1';
  status: number;
  /** May be empty, and may hold any byte. */
  phrase: string;
  headers: HeaderList;
  framing: Framing;
  /** Whether the upstream keeps the connection open after this answer. */
  persistent: boolean;
  length: number;
}

/** As many bytes as nginx takes with its largest usual `proxy_buffer_size`, and some. */
const MOST_HEAD_BYTES = 64 * 1024;
const END = Buffer.from('\r\n\r\n');
const STATUS_LINE = /^HTTP\/1\.(\d) ([1-9]\d\d)(?: ([^\r\n]*))?\r\n/;

/**
 * Reads the head of an answer to a request of that method at `start`; `undefined` while it is not whole.
 *
 * @throws Malformed
 */
export function readAnswerHead(bytes: Buffer, start: number, method: string): AnswerHead | undefined {
  const end = bytes.indexOf(END, start);
  if (end === -1) {
    if (bytes.length - start > MOST_HEAD_BYTES)
      throw new Malformed('fields-too-long', 'the fields are too long');
    refuseEarly(bytes, start);
    return undefined;
  }
  const length = end + END.length - start;
  if (length > MOST_HEAD_BYTES) throw new Malformed('fields-too-long', 'the fields are too long');
  const text = bytes.toString('latin1', start, end + 2);
  const line = STATUS_LINE.exec(text);
  if (line === null) throw new Malformed('status-line', 'a status line that is none');
  if (!isClean(text))
    throw new Malformed('field', 'a control character or a line end of its own in the head');
  const version = line[1] === '0' ? '1.0' : '1.1';
  const status = Number(line[2]);
  const headers = parseFields(text, line[0].length);
  return {
    version,
    status,
    phrase: line[3] ?? '',
    headers,
    framing: framingOf(headers, version, status, method),
    persistent: isPersistent(headers, version),
    length,
  };
}

/** What does not begin as an answer is not waited for. */
function refuseEarly(bytes: Buffer, start: number): void {
  const begun = bytes.toString('latin1', start, start + 7);
  if (!'HTTP/1.'.startsWith(begun)) throw new Malformed('status-line', 'a status line that is none');
  refuseBareLineFeed(bytes, start);
}

function framingOf(headers: HeaderList, version: '1.0' | '1.1', status: number, method: string): Framing {
  const announced = announcedFraming(headers, version);
  if (method === 'HEAD' || isBodiless(status)) return 0;
  return announced ?? 'close';
}

/** RFC 9110, 6.4.1: answers of these kinds never have a body. */
export const isBodiless = (status: number): boolean => status < 200 || status === 204 || status === 304;
