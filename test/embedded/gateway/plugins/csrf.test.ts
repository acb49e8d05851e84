import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();
const KEY = 'schlüssel';

beforeAll(async () => {
  await bench.route('/plain', { csrf: { key: KEY } });
  await bench.route('/named', { csrf: { key: KEY, name: 'X-CSRF-Token', expires: 0 } });
});

/** A token as APISIX makes it. */
function token(parts: Record<string, unknown> = {}, key = KEY): string {
  const { random = 0.42986319716139, expires = bench.now / 1000 } = parts;
  const sign = createHash('sha256').update(`{expires:${expires},random:${random},key:${key}}`).digest('hex');
  return Buffer.from(JSON.stringify({ random, sign, expires, ...parts })).toString('base64');
}
const post = (text: string, cookie = text, name = 'apisix-csrf-token') => ({
  method: 'POST',
  headers: { [name]: text, Cookie: `a=b; ${name}=${cookie}` },
});

/** What the answer sets as cookie: its name, its value, its attributes. */
async function cookie(target: string): Promise<[name: string, value: string, rest: string]> {
  const [set = ''] = (await bench.send(target)).headers['set-cookie'] ?? [];
  const [, name = '', value = '', rest = ''] = /^([^=]+)=([^;]+);(.*)$/.exec(set) ?? [];
  return [name, value, rest];
}

describe('csrf', () => {
  it('gives each answer a token, and takes it', async () => {
    const [name, value, rest] = await cookie('/plain');
    expect([name, rest]).toEqual([
      'apisix-csrf-token',
      'path=/;SameSite=Lax;Expires=Fri, 20-Nov-26 16:45:07 GMT',
    ]);
    expect((await bench.send('/plain', post(value))).status).toBe(200);
    expect((await cookie('/plain'))[1]).not.toBe(value);
  });

  it('takes those of APISIX', async () => {
    expect((await bench.send('/plain', post(token()))).status).toBe(200);
  });

  it('may have another name, and tokens that last', async () => {
    const old = token({ expires: 1 });
    expect((await bench.send('/named', post(old, old, 'X-CSRF-Token'))).status).toBe(200);
    expect((await bench.send('/plain', post(old))).status).toBe(401);
  });

  it.each(['GET', 'HEAD', 'OPTIONS'])('asks for none with %s', async (method) => {
    expect((await bench.send('/plain', { method })).status).toBe(200);
  });

  const INVALID = 'Failed to verify the csrf token signature';
  it.each([
    ['no field', () => ({ method: 'PUT' }), 'no csrf token in headers'],
    ['an empty field', () => post(''), 'no csrf token in headers'],
    ['no cookie', () => ({ method: 'POST', headers: { 'apisix-csrf-token': token() } }), 'no csrf cookie'],
    ['another cookie', () => post(token(), token({ random: 1 })), 'csrf token mismatch'],
    ['another key', () => post(token({}, 'other')), INVALID],
    ['one that has expired', () => post(token({ expires: bench.now / 1000 - 7201 })), INVALID],
    ['a changed time', () => post(token({ sign: 'x' })), INVALID],
    ['a text as time', () => post(token({ expires: '9999999999' })), INVALID],
    ['a text as random part', () => post(token({ random: `1,key:x` })), INVALID],
    ['no sign', () => post(token({ sign: undefined })), INVALID],
    ['what is no base64', () => post('***'), INVALID],
    ['what is no JSON', () => post('eHh4'), INVALID],
    ['null', () => post(Buffer.from('null').toString('base64')), INVALID],
  ])('refuses %s', async (_name, request, message) => {
    const answer = await bench.send('/plain', request() as Parameters<typeof bench.send>[1]);
    expect([answer.status, JSON.parse(answer.body)]).toEqual([401, { error_msg: message }]);
    expect(bench.seen).toBeUndefined();
  });

  it.each([
    [{}, 'property "key" is required'],
    [{ key: 'k', name: 'a;b' }, 'invalid field character in header'],
    [{ key: 'k', name: 'a\r\nX: b' }, 'invalid field character in header'],
  ])('is refused with %j', async (configuration, message) => {
    expect(await bench.refusal({ csrf: configuration })).toBe(message);
  });
});
