import { describe, expect, it } from 'vitest';
import { understoodJson } from '../../../../src/embedded/gateway/plugin-support/understood-json.ts';

const understood = (text: string) => understoodJson(Buffer.from(text));

describe('JSON', () => {
  it.each([
    'null',
    '1.50',
    '"a:b"',
    '[{"a":1},{"a":1}]',
    '{"a":{"a":":\\"{"},"\\u0062":[":"]}',
    '{"__proto__":{"a":1},"a":2}',
    ' {"":{"":1}} ',
  ])('is what JSON.parse makes of it: %s', (text) =>
    expect(understood(text)).toEqual({ value: JSON.parse(text), ambiguous: false }));

  it.each([
    '{"a":1,"a":1}',
    '{"a":{"b":1,"b":2}}',
    '[[{"a":1,"\\u0061":2}]]',
    '{"1":1,"1":2}',
    '{"__proto__":1,"__proto__":2}',
  ])('is ambiguous where a name stands twice in one object: %s', (text) =>
    expect(understood(text)).toEqual({ value: JSON.parse(text), ambiguous: true }));

  it.each(['', '{', '{"a":1,}', "{'a':1}", '[1]x', 'NaN', '// x\n1'])('is not %j', (text) =>
    expect(() => understood(text)).toThrow(SyntaxError));

  it('is UTF-8', () => {
    expect(() => understoodJson(Buffer.from('"\xff"', 'latin1'))).toThrow(
      new SyntaxError('the text is not UTF-8'),
    );
  });

  it('may be nested deeply', () => {
    const depth = 3000;
    expect(understood(`${'[{"a":'.repeat(depth)}1${'}]'.repeat(depth)}`).ambiguous).toBe(false);
  });
});
