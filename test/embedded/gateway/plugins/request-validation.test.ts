import { beforeAll, describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();
const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });
const JSON_TYPE = { 'Content-Type': 'application/json' };
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' };

beforeAll(async () => {
  const route = (uri: string, configuration: object) =>
    bench.route(uri, { 'request-validation': configuration });
  await route('/body', {
    body_schema: object({ a: { type: 'integer' }, s: { pattern: '^ü+$' } }, { required: ['a'] }),
  });
  await route('/form', {
    body_schema: object(
      { a: { type: 'string', minLength: 2 }, b: { type: 'array' }, c: { enum: [true] } },
      { required: ['a'] },
    ),
  });
  await route('/said', {
    body_schema: object({}, { required: ['a'] }),
    rejected_code: 422,
    rejected_msg: 'no "a"',
  });
  await route('/names', { body_schema: object({}, { required: ['constructor', '__proto__'] }) });
  await route('/unique', { body_schema: object({ list: { uniqueItems: true } }) });
  await route('/slow', { body_schema: object({ s: { pattern: '^(a+)+$' }, e: { format: 'email' } }) });
  await route('/nested', {
    body_schema: {
      $id: 'same',
      $ref: '#/definitions/n',
      definitions: { n: object({ n: { $ref: '#/definitions/n' } }) },
    },
  });
  await route('/same', { body_schema: { $id: 'same' } });
  await route('/fields', {
    header_schema: object(
      { 'X-Number': { type: 'string', pattern: '^\\d+$' }, 'x-many': { type: 'array' } },
      { required: ['X-Number'] },
    ),
  });
});

async function outcome(target: string, body: string, headers: Record<string, string> = JSON_TYPE) {
  const answer = await bench.send(target, { method: 'POST', body, headers });
  return answer.status === 200 ? bench.seen?.body : [answer.status, answer.body];
}

describe('request-validation of JSON', () => {
  it.each([
    '{"a":1}',
    ' { "a" : 12345678901234567890 , "s":"\xc3\xbc" } ',
    '{"a":1,"__proto__":{"b":"x:y"},"c":[{"a":1},{"a":"\\":"}]}',
  ])('lets %j through as it came', async (body) => {
    expect(await outcome('/body', body)).toBe(body);
  });

  it.each([
    ['{"b":1}', 'property "a" is required'],
    ['{"a":"1"}', 'property "a" validation failed: wrong type: expected integer, got string'],
    ['{"a":1,"s":"\xc3\xbcx"}', 'property "s" validation failed: failed to match pattern "^ü+$" with "üx"'],
    ['[]', 'wrong type: expected object, got table'],
    ['null', 'wrong type: expected object, got userdata'],
    ['{"a":1,"b":"\xff"}', 'the text is not UTF-8'],
  ])('refuses %j', async (body, message) => {
    expect(await outcome('/body', body)).toEqual([400, Buffer.from(message).toString('latin1')]);
    expect(bench.seen).toBeUndefined();
  });

  it.each([
    ['{"a":"bad","a":1}', '{"a":1}'],
    [
      '{"a":1, "b":[{"\\u0064":[1.0],"d":"\xc3\xbc"}],"__proto__":2}',
      '{"a":1,"b":[{"d":"\xc3\xbc"}],"__proto__":2}',
    ],
  ])('sends %j on as it was understood, for it is ambiguous', async (body, sent) => {
    expect(await outcome('/body', body)).toBe(sent);
    expect(bench.got('content-length')).toEqual([String(sent.length)]);
  });

  it('refuses what is no JSON, and no body', async () => {
    expect(await outcome('/body', '{"a":1')).toEqual([400, expect.stringMatching(/JSON/)]);
    expect(await outcome('/body', '')).toEqual([400, expect.stringContaining('<title>400')]);
  });

  it('says what is configured', async () => {
    expect(await outcome('/said', '{}')).toEqual([422, 'no "a"']);
    expect(await outcome('/said', '')).toEqual([422, 'no "a"']);
  });

  it('finds no member that every object seems to have', async () => {
    expect(await outcome('/names', '{}')).toEqual([400, 'property "constructor" is required']);
    expect(await outcome('/names', '{"constructor":1,"__proto__":2}')).toBe(
      '{"constructor":1,"__proto__":2}',
    );
  });

  it('is not held up by long lists, patterns or nesting', async () => {
    const list = Array.from({ length: 10_000 }, (_, i) => i);
    expect(await outcome('/unique', JSON.stringify({ list }))).toEqual(JSON.stringify({ list }));
    expect(
      await outcome('/unique', JSON.stringify({ list: [...list, { a: 1, b: [2] }, { b: [2], a: 1 }] })),
    ).toEqual([
      400,
      'property "list" validation failed: expected unique items but items 10001 and 10002 are equal',
    ]);
    expect(await outcome('/slow', JSON.stringify({ s: `${'a'.repeat(5000)}!` }))).toEqual([
      400,
      expect.stringContaining('"s"'),
    ]);
    expect(await outcome('/slow', JSON.stringify({ e: 'a.'.repeat(10_000) }))).toEqual([
      400,
      expect.stringContaining('"e"'),
    ]);
    const deep = `${'{"n":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
    expect(await outcome('/nested', deep)).toEqual([400, expect.any(String)]);
  });

  it('keeps schemas of one $id apart', async () => {
    expect(await outcome('/same', '1')).toBe('1');
  });
});

describe('request-validation of forms', () => {
  it.each([
    ['a=%C3%A4b', undefined],
    ['a=xx&b=1&b=2&c', undefined],
    ['a=%C3%A4', 'property "a" validation failed: string too short, expected at least 2, got 1'],
    ['a=xx&b=1', 'property "b" validation failed: wrong type: expected array, got string'],
    ['a=xx&c=', 'property "c" validation failed: matches none of the enum values'],
    ['b=1', 'property "a" is required'],
  ])('%s', async (body, message) => {
    expect(await outcome('/form', body, FORM)).toEqual(message === undefined ? body : [400, message]);
  });
});

describe('request-validation of fields', () => {
  it.each([
    [[['x-number', '1']], undefined],
    [
      [['X-NUMBER', 'x']],
      'property "X-Number" validation failed: failed to match pattern "^\\\\d+$" with "x"',
    ],
    [[], 'property "X-Number" is required'],
    [
      [
        ['x-number', '1'],
        ['x-many', 'a'],
        ['X-Many', 'b'],
      ],
      undefined,
    ],
    [
      [
        ['x-number', '1'],
        ['x-many', 'a'],
      ],
      'property "x-many" validation failed: wrong type: expected array, got string',
    ],
  ] as [[string, string][], string | undefined][])('%j', async (headers, message) => {
    const answer = await bench.send('/fields', { headers });
    expect([answer.status, answer.body]).toEqual(message === undefined ? [200, 'upstream'] : [400, message]);
  });
});

describe('request-validation refuses', () => {
  it.each([
    [{}, /^object matches none of the required/],
    [{ body_schema: { type: 'test' } }, /type must be/],
    [{ body_schema: { properties: 'x' } }, /properties must be object/],
    [{ body_schema: { $ref: 'https://other.test/schema' } }, /can't resolve reference/],
    [{ header_schema: { pattern: '(' } }, /./],
    [{ body_schema: {}, rejected_code: 199 }, /expected 199 to be at least 200$/],
  ])('%j', async (configuration, message) => {
    expect(await bench.refusal({ 'request-validation': configuration })).toMatch(message);
  });
});
