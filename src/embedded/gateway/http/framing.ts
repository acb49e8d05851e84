import { listOf } from './fields.ts';
import type { HeaderList } from './header-list.ts';
import { Malformed } from './malformed.ts';

/** Where the body of a message ends (RFC 9112, 6.3): after so many bytes, with its last chunk, or with the connection. */
export type Framing = number | 'chunked' | 'close';

/**
 * The framing that the fields announce; `undefined` when they announce none.
 *
 * What senders and receivers are known to read differently is refused and never guessed: both lengths at once, several
 * fields of one kind, codings other than `chunked`, chunks in HTTP/1.0.
 *
 * @throws Malformed
 */
export function announcedFraming(headers: HeaderList, version: string): Framing | undefined {
  const codings = headers.all('transfer-encoding');
  const lengths = headers.all('content-length');
  if (codings.length > 0) {
    if (lengths.length > 0)
      throw new Malformed('both-lengths', 'Content-Length and Transfer-Encoding at once');
    if (codings.length > 1) throw new Malformed('transfer-encoding', 'several Transfer-Encoding fields');
    if (version === '1.0') throw new Malformed('transfer-encoding', 'Transfer-Encoding in HTTP/1.0');
    const coding = codings[0]?.toLowerCase() ?? '';
    if (coding !== 'chunked') {
      // Where chunked is not the last one the length cannot be known; what comes before it is not understood here.
      const status = /,[\t ]*chunked$/.test(coding) ? 501 : 400;
      throw new Malformed('transfer-encoding', 'a transfer coding other than chunked', status);
    }
    return 'chunked';
  }
  if (lengths.length === 0) return undefined;
  if (lengths.length > 1) throw new Malformed('content-length', 'several Content-Length fields');
  const [text = ''] = lengths;
  const length = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(length))
    throw new Malformed('content-length', 'a Content-Length that is no length');
  return length;
}

/** Whether the sender of a message keeps the connection open after it (RFC 9112, 9.3). */
export function isPersistent(headers: HeaderList, version: '1.0' | '1.1'): boolean {
  if (!headers.has('connection')) return version === '1.1';
  const options = listOf(headers, 'connection');
  if (options.includes('close')) return false;
  return version === '1.1' || options.includes('keep-alive');
}
