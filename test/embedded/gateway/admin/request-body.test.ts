import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeJson } from '../../../../src/embedded/gateway/admin/request-body.ts';

describe('JSON as the Admin API takes it', () => {
  it('has control characters in strings, but for NUL, as in the documented upload of a certificate', () => {
    expect(decodeJson('{\n "cert": "-----BEGIN\nMII=\r\n-----END\t", "\u0001": "\\n\\"\n\\\\"\n}')).toEqual({
      value: { cert: '-----BEGIN\nMII=\r\n-----END\t', '\u0001': '\n"\n\\' },
    });
    expect(decodeJson('"a\0b"')).toHaveProperty('error');
  });

  it('has them nowhere else', () => {
    for (const text of ['{"a":\u00011}', '[1,\u000b2]', '{"a":"b}\n', '"\\\n"', '{"a":"\n"', "{'a':\n1}"])
      expect(decodeJson(text)).toHaveProperty('error');
  });

  it('says of what it refuses what the parser says of the text as it came', () => {
    expect(decodeJson('{"a":"\n",}')).toEqual({
      error: expect.stringMatching(/control character.* position 6/),
    });
    expect(decodeJson('{"a":')).toEqual({ error: 'Expected value but found T_END at character 6' });
  });

  it('is read as ever where it is JSON, and with raw line breaks as with escaped ones', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(decodeJson(text)).toEqual({ value: JSON.parse(text) });
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('\\', '"', '\n', '\u001f', 'a', 'n') }), (text) => {
        const raw = JSON.stringify({ [text]: [text] })
          .replaceAll(/(?<!\\)((?:\\\\)*)\\n/g, '$1\n')
          .replaceAll(/(?<!\\)((?:\\\\)*)\\u001f/g, '$1\u001f');
        expect(decodeJson(raw)).toEqual({ value: { [text]: [text] } });
      }),
    );
  });

  it('is no deeper than lua-cjson reads', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(decodeJson(nested(1_000))).toHaveProperty('value');
    expect(decodeJson(nested(1_001))).toEqual({ error: 'Found too many nested data structures (1001)' });
    expect(decodeJson(`{"a":${nested(1_000)}}`)).toEqual({
      error: 'Found too many nested data structures (1001)',
    });
    expect(decodeJson(JSON.stringify(nested(2_000)))).toEqual({ value: nested(2_000) });
    expect(decodeJson(nested(500_000))).toHaveProperty('error');
  });

  it('is read in linear time', () => {
    const started = performance.now();
    expect(decodeJson(`{"a":"${'\\\\\n'.repeat(100_000)}`)).toHaveProperty('error');
    expect(decodeJson('"'.repeat(200_001).concat('\n'))).toHaveProperty('error');
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
