import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Malformed } from '../../../../src/embedded/gateway/http/malformed.ts';
import { readRequestHead } from '../../../../src/embedded/gateway/http/request-head.ts';

const read = (text: string) => readRequestHead(Buffer.from(text, 'latin1'), 0);
const head = (fields: string, line = 'POST /a HTTP/1.1') => `${line}\r\nHost: x\r\n${fields}\r\n`;

/** What becomes of a head: its framing, or the fault for which it is refused and the status. */
function judged(text: string): unknown {
  try {
    return read(text)?.framing;
  } catch (error) {
    return error instanceof Malformed ? `${error.status} ${error.fault}` : error;
  }
}

describe('a request head', () => {
  it('gives method, target, fields and length, byte by byte', () => {
    const text = 'GET /a\xff?b=\xe4 HTTP/1.1\r\nHost: x\r\nX-A:  b\xe9\t \r\nx-a:\r\n\r\n';
    expect(read(`${text}rest`)).toMatchObject({
      method: 'GET',
      target: '/a\xff?b=\xe4',
      version: '1.1',
      framing: 0,
      persistent: true,
      expectsContinue: false,
      length: text.length,
    });
    expect(read(text)?.headers.flat).toEqual(['Host', 'x', 'X-A', 'b\xe9', 'x-a', '']);
  });

  it('is waited for until it is whole, wherever it is cut', () => {
    const text = head('Content-Length: 3\r\n');
    for (let cut = 0; cut < text.length; cut++) expect(read(text.slice(0, cut))).toBeUndefined();
    expect(read(text)?.framing).toBe(3);
  });

  it('may follow empty lines', () => {
    expect(read('\r\n\r\nGET / HTTP/1.1\r\n\r\n')?.length).toBe(22);
  });

  it('never throws anything but Malformed, whatever the bytes are', () => {
    const bytes = fc.array(
      fc.oneof(fc.constantFrom(...Buffer.from('\r\n: GET/HTP1.')), fc.integer({ min: 0, max: 255 })),
    );
    fc.assert(
      fc.property(bytes, (codes) => {
        const buffer = Buffer.from([
          ...Buffer.from('GET / HTTP/1.1\r\n'),
          ...codes,
          ...Buffer.from('\r\n\r\n'),
        ]);
        try {
          readRequestHead(buffer, 0);
        } catch (error) {
          expect(error).toBeInstanceOf(Malformed);
        }
      }),
      { numRuns: 300, seed: 11 },
    );
  });

  it.each([
    ['closes', 'Connection: close\r\n', '1.1', false],
    ['closes among other options', 'Connection: x, Close\r\n', '1.1', false],
    ['closes in one of several fields', 'Connection: x\r\nConnection: close\r\n', '1.1', false],
    ['goes on', '', '1.1', true],
    ['ends in HTTP/1.0', '', '1.0', false],
    ['goes on in HTTP/1.0 when asked', 'Connection: Keep-Alive\r\n', '1.0', true],
  ])('says whether the connection goes on: %s', (_name, fields, version, persistent) => {
    expect(read(head(fields, `GET / HTTP/${version}`))?.persistent).toBe(persistent);
  });

  // RFC 9112, 6.1 to 6.3; what is doubtful is refused.
  it.each([
    ['Content-Length: 5', 5],
    ['Content-Length:   005  ', 5],
    ['content-length: 0', 0],
    ['Transfer-Encoding: chunked', 'chunked'],
    ['Transfer-Encoding: CHUNKED', 'chunked'],
    ['Content-Length: 5\r\nTransfer-Encoding: chunked', '400 both-lengths'],
    ['Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', '400 transfer-encoding'],
    ['Transfer-Encoding: gzip, chunked', '501 transfer-encoding'],
    ['Transfer-Encoding: chunked, gzip', '400 transfer-encoding'],
    ['Transfer-Encoding: chunked,', '400 transfer-encoding'],
    ['Transfer-Encoding: xchunked', '400 transfer-encoding'],
    ['Transfer-Encoding: "chunked"', '400 transfer-encoding'],
    ['Transfer-Encoding:', '400 transfer-encoding'],
    ['Transfer-Encoding: identity', '400 transfer-encoding'],
    ['Content-Length: 5\r\nContent-Length: 5', '400 content-length'],
    ['Content-Length: 5\r\nContent-Length: 6', '400 content-length'],
    ['Content-Length: 5, 5', '400 content-length'],
    ['Content-Length: +5', '400 content-length'],
    ['Content-Length: -5', '400 content-length'],
    ['Content-Length: 0x5', '400 content-length'],
    ['Content-Length: 5e0', '400 content-length'],
    ['Content-Length: 1_0', '400 content-length'],
    ['Content-Length:', '400 content-length'],
    ['Content-Length: 9007199254740993', '400 content-length'],
    ['Content-Length : 5', '400 field'],
    ['Content-Length\r: 5', '400 field'],
    ['Transfer-Encoding\0: chunked', '400 field'],
    ['Transfer-Encoding: chunked\0', '400 field'],
    ['Transfer-Encoding:\r\n chunked', '400 field'],
    ['X: y\nTransfer-Encoding: chunked', '400 field'],
    ['X: y\rTransfer-Encoding: chunked', '400 field'],
    [' X: y', '400 field'],
    ['X', '400 field'],
    [': y', '400 field'],
    ['A B: y', '400 field'],
    ['X: a\x7fb', '400 field'],
    ['X\x80: y', '400 field'],
    ['Expect: foo', '417 expectation'],
    ['Expect: 100-continue, foo', '417 expectation'],
  ])('is framed, or refused, by %j', (fields, expected) => {
    expect(judged(head(`${fields}\r\n`))).toBe(expected);
  });

  it('has no chunks and no expectations in HTTP/1.0', () => {
    expect(judged(head('Transfer-Encoding: chunked\r\n', 'POST / HTTP/1.0'))).toBe('400 transfer-encoding');
    expect(
      read(head('Expect: 100-continue\r\nContent-Length: 1\r\n', 'POST / HTTP/1.0'))?.expectsContinue,
    ).toBe(false);
    expect(read(head('Expect: 100-Continue\r\nContent-Length: 1\r\n'))?.expectsContinue).toBe(true);
  });

  it.each([
    ['GET /a', '400 request-line'],
    ['GET  /a HTTP/1.1', '400 request-line'],
    ['GET /a  HTTP/1.1', '400 request-line'],
    ['GET /a HTTP/1.1 ', '400 request-line'],
    ['GET /a b HTTP/1.1', '400 request-line'],
    ['GET\t/a\tHTTP/1.1', '400 request-line'],
    [' GET /a HTTP/1.1', '400 request-line'],
    ['G@T /a HTTP/1.1', '400 request-line'],
    ['GET /a http/1.1', '400 request-line'],
    ['GET /a HTTP/1.10', '400 request-line'],
    ['GET /a HTTP/2.0', '505 version'],
    ['GET /a HTTP/0.9', '505 version'],
    ['SOURCE /a ICE/1.0', '400 request-line'],
    ['OPTIONS /a RTSP/1.0', '400 request-line'],
    ['PRI * HTTP/2.0', '505 version'],
    ['GET /a HTTP/1.2', 0],
  ])('begins with %j: %j', (line, expected) => {
    expect(judged(head('', line))).toBe(expected);
  });

  it('is refused before it is whole when it never can be', () => {
    expect(judged('GET / HTTP/1.1\nHost: x\n')).toBe('400 field');
    expect(judged(`GET /${'a'.repeat(40_000)}`)).toBe('414 request-line');
    expect(judged(`GET / HTTP/1.1\r\nX: ${'a'.repeat(40_000)}`)).toBe('431 fields-too-long');
    expect(judged(`GET / HTTP/1.1\r\n${'a:\r\n'.repeat(1_001)}\r\n`)).toBe('400 too-many-fields');
  });
});
