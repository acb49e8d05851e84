import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodyDecoder } from '../../../../src/embedded/gateway/http/body-decoder.ts';
import type { Framing } from '../../../../src/embedded/gateway/http/framing.ts';
import type { HeaderList } from '../../../../src/embedded/gateway/http/header-list.ts';
import { Malformed } from '../../../../src/embedded/gateway/http/malformed.ts';

/** Feeds the text in the given segments; gives the body, what followed it, and the trailers. */
function decoded(framing: Framing, segments: readonly string[]) {
  let body = '';
  let rest = '';
  let trailers: HeaderList | undefined;
  const decoder = new BodyDecoder(framing, {
    onData: (chunk) => {
      body += chunk.toString('latin1');
    },
    onEnd: (fields) => {
      trailers = fields;
    },
  });
  for (const segment of segments) {
    const bytes = Buffer.from(segment, 'latin1');
    const end = decoder.done ? 0 : decoder.feed(bytes, 0);
    rest += bytes.toString('latin1', end);
  }
  return { body, rest, done: decoder.done, trailers: trailers?.flat, closed: decoder.close() };
}

function cutAt(text: string, cuts: readonly number[]): string[] {
  const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  return [0, ...places]
    .map((from, i) => text.slice(from, places[i] ?? text.length))
    .filter((each) => each !== '');
}

const latin1 = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 40,
});

describe('the end of a body', () => {
  it('is found wherever the segments are cut, and nothing of what follows is taken', () => {
    fc.assert(
      fc.property(
        fc.array(latin1.filter((each) => each !== '')),
        fc.array(fc.nat(200), { maxLength: 12 }),
        latin1,
        (chunks, cuts, after) => {
          const text = `${chunks.map((each) => `${each.length.toString(16)}\r\n${each}\r\n`).join('')}0\r\n\r\n${after}`;
          const { body, rest, done } = decoded('chunked', cutAt(text, cuts));
          expect([body, rest, done]).toEqual([chunks.join(''), after, true]);
        },
      ),
      { numRuns: 100, seed: 7 },
    );
  });

  it('is the announced length', () => {
    expect(decoded(3, ['ab', 'cde'])).toMatchObject({ body: 'abc', rest: 'de', done: true });
    expect(decoded(0, ['abc'])).toMatchObject({ body: '', rest: 'abc', done: true });
  });

  it('is that of the connection where nothing else says it', () => {
    expect(decoded('close', ['ab', 'c'])).toMatchObject({ body: 'abc', done: false, closed: true });
    expect(decoded(4, ['abc'])).toMatchObject({ closed: false });
    expect(decoded('chunked', ['3\r\nabc\r\n'])).toMatchObject({ closed: false });
  });

  it('comes behind all of it, in few pieces where its chunks came together, also before one that is none', () => {
    for (const [last, ended] of [
      ['0\r\n\r\n', ['end']],
      ['zz\r\n', []],
    ] as const) {
      const came: (number | 'end')[] = [];
      const decoder = new BodyDecoder('chunked', {
        onData: (chunk) => came.push(chunk.length),
        onEnd: () => came.push('end'),
      });
      const feed = () => decoder.feed(Buffer.from(`${'1\r\na\r\n'.repeat(10_000)}${last}`), 0);
      if (ended.length > 0) feed();
      else expect(feed).toThrow(Malformed);
      expect(came).toEqual([1, 9_999, ...ended]);
    }
  });

  it('may come with extensions, which are ignored, and trailers', () => {
    expect(decoded('chunked', ['3;a=b;c="d"\r\nabc\r\n0;last\r\nX-A: 1\r\nX-B: 2\r\n\r\n'])).toMatchObject({
      body: 'abc',
      trailers: ['X-A', '1', 'X-B', '2'],
    });
  });
});

// RFC 9112, 7.1, and what is known to be read differently by different servers.
describe('chunks are refused', () => {
  it.each([
    ['without a size', '\r\nabc\r\n0\r\n\r\n'],
    ['with a size that is no hexadecimal number', 'zz\r\n'],
    ['with a sign', '+3\r\nabc\r\n0\r\n\r\n'],
    ['with a prefix', '0x3\r\nabc\r\n0\r\n\r\n'],
    ['with a space before the size', ' 3\r\nabc\r\n0\r\n\r\n'],
    ['with a space behind the size', '3 \r\nabc\r\n0\r\n\r\n'],
    ['with a size that no number holds', 'fffffffffffffffff\r\n'],
    ['with zeros without end', '0'.repeat(70_000)],
    ['with a bare line feed behind the size', '3\nabc\r\n0\r\n\r\n'],
    ['with a bare line feed in an extension', '3;x\nAAAA\r\n5\r\nabc'],
    ['with a bare carriage return in an extension', '3;x\rabc\r\n'],
    ['with a NUL in an extension', '3;\0\r\nabc\r\n'],
    ['that are longer than their size', '3\r\nabcd\r\n0\r\n\r\n'],
    ['that are followed by something else', '3\r\nabcXX0\r\n\r\n'],
    ['that end with a bare line feed', '3\r\nabc\n0\r\n\r\n'],
    ['with extensions without end', `3;${'a'.repeat(20_000)}\r\nabc\r\n`],
    ['with many extensions', `${`1;${'a'.repeat(1_000)}\r\nx\r\n`.repeat(30)}0\r\n\r\n`],
    ['with a folded trailer', '0\r\nX: y\r\n z\r\n\r\n'],
    ['with a trailer that is no field', '0\r\nGET / HTTP/1.1\r\n\r\n'],
    ['with trailers without end', `0\r\nX: ${'a'.repeat(40_000)}\r\n\r\n`],
    ['with a bare line feed in a trailer', '0\r\nX: y\n\r\n'],
  ])('%s', (_name, text) => {
    expect(() => decoded('chunked', [text])).toThrow(Malformed);
    expect(() => decoded('chunked', [...text])).toThrow(Malformed);
  });
});
