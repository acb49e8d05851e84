import { createHash, createHmac } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { pluginBench, type Request } from '../support/plugins.ts';

const bench = pluginBench();
const SECRET = 'größe';
const KEY_ID = Buffer.from('schlüssel').toString('latin1');
const digest = (body: string) => `SHA-256=${createHash('sha256').update(body, 'latin1').digest('base64')}`;

interface Options {
  lines?: string[];
  keyId?: string;
  algorithm?: string;
  headers?: string;
  date?: string;
  secret?: string;
  signature?: string;
}

const dateNow = () => new Date(bench.now).toUTCString();

function authorization({
  lines = [`GET /plain`, `date: ${dateNow()}`],
  keyId = KEY_ID,
  algorithm = 'hmac-sha256',
  headers = '@request-target date',
  secret = SECRET,
  signature = createHmac(algorithm.slice('hmac-'.length), secret)
    .update(`${[keyId, ...lines].join('\n')}\n`, 'latin1')
    .digest('base64'),
}: Options = {}): string {
  return `Signature keyId="${keyId}",algorithm="${algorithm}",headers="${headers}",signature="${signature}"`;
}

beforeAll(async () => {
  await bench.put('/consumers', {
    username: 'jack',
    plugins: { 'hmac-auth': { key_id: 'schlüssel', secret_key: SECRET } },
  });
  await bench.put('/consumers', { username: 'nobody' });
  await bench.route('/plain', { 'hmac-auth': {} });
  await bench.route('/sha512', {
    'hmac-auth': { allowed_algorithms: ['hmac-sha512'], hide_credentials: true },
  });
  await bench.route('/fields', { 'hmac-auth': { signed_headers: ['date', 'x-a'] } });
  await bench.route('/body', { 'hmac-auth': { validate_request_body: true } });
  await bench.route('/small', {
    'client-control': { max_body_size: 8 },
    'hmac-auth': { validate_request_body: true },
  });
  await bench.route('/anonymous', { 'hmac-auth': { anonymous_consumer: 'nobody' } });
});

async function outcome(
  target: string,
  field: string,
  request: Request & { headers?: Record<string, string> } = {},
) {
  const answer = await bench.send(target, {
    ...request,
    headers: { Date: dateNow(), Authorization: field, ...request.headers },
  });
  return answer.status === 200 ? bench.got('x-consumer-username') : [answer.status, answer.body.trim()];
}
const refused = (message: string) => [401, JSON.stringify({ message })];
const INVALID = refused("client request can't be validated");

describe('hmac-auth takes', () => {
  it.each(['hmac-sha1', 'hmac-sha256', 'hmac-sha512'])('%s', async (algorithm) => {
    expect(await outcome('/plain', authorization({ algorithm }))).toEqual(['jack']);
  });

  it('a signature of the path in its normal form, of the query as it was sent, and of bytes', async () => {
    const lines = ['GET /plain?a=%2F&b', `x-a: \xe4\xff`, `date: ${dateNow()}`];
    const field = authorization({ lines, headers: '@request-target x-a x-missing date' });
    expect(await outcome('/./%70lain?a=%2F&b', field, { headers: { 'X-A': '\xe4\xff' } })).toEqual(['jack']);
  });

  it.each([
    'Fri, 20 Nov 2026 14:45:07 GMT',
    'Friday, 20-Nov-26 14:40:07 GMT',
    'Fri Nov 20 14:50:07 2026',
  ])('a date within the clock skew: %s', async (date) => {
    const field = authorization({ lines: ['GET /plain', `date: ${date}`] });
    expect(await outcome('/plain', field, { headers: { Date: date } })).toEqual(['jack']);
  });

  it('a body with its digest', async () => {
    const lines = ['POST /body', `date: ${dateNow()}`, `digest: ${digest('b\xf6dy')}`];
    const field = authorization({ lines, headers: '@request-target date digest' });
    const request = { method: 'POST', body: 'b\xf6dy', headers: { Digest: digest('b\xf6dy') } };
    expect(await outcome('/body', field, request)).toEqual(['jack']);
    expect(bench.seen?.body).toBe('b\xf6dy');
    expect(await outcome('/body', field, { ...request, body: 'body' })).toEqual(INVALID);
  });

  it('anybody as the anonymous consumer', async () => {
    expect(await outcome('/anonymous', 'nothing')).toEqual(['nobody']);
  });
});

describe('hmac-auth refuses', () => {
  it.each([
    [
      'another scheme',
      'Basic x',
      "client request can't be validated: Authorization header does not start with 'Signature'",
    ],
    ['nothing signed', 'Signature', "client request can't be validated"],
    ['another secret', authorization({ secret: 'other' }), "client request can't be validated"],
    ['an empty signature', authorization({ signature: '' }), "client request can't be validated"],
    [
      'a signature that is no base64',
      authorization({ signature: '****' }),
      "client request can't be validated",
    ],
    ['an unknown key', authorization({ keyId: '__proto__' }), "client request can't be validated"],
    ['a line too few', authorization({ headers: 'date' }), "client request can't be validated"],
    [
      'an algorithm that is none',
      authorization().replace('hmac-sha256', 'hmac-md5'),
      "client request can't be validated",
    ],
    [
      'an algorithm that objects seem to have',
      authorization().replace('hmac-sha256', 'constructor'),
      "client request can't be validated",
    ],
  ])('%s', async (_name, field, message) => {
    expect(await outcome('/plain', field)).toEqual(refused(message));
    expect(bench.seen).toBeUndefined();
  });

  it('no Authorization', async () => {
    const answer = await bench.send('/plain');
    expect(JSON.parse(answer.body)).toEqual({
      message: "client request can't be validated: missing Authorization header",
    });
  });

  it.each([
    'Fri, 20 Nov 2026 14:40:06 GMT',
    'Fri, 20 Nov 2026 14:50:08 GMT',
    '2026-11-20T14:45:07Z',
    'Mon, 30 Feb 2026 14:45:07 GMT',
    '',
  ])('the date %j', async (date) => {
    const field = authorization({ lines: ['GET /plain', `date: ${date}`] });
    expect(await outcome('/plain', field, { headers: { Date: date } })).toEqual(INVALID);
  });

  it('an algorithm that the route does not allow', async () => {
    const lines = ['GET /sha512', `date: ${dateNow()}`];
    expect(await outcome('/sha512', authorization({ lines }))).toEqual(INVALID);
    expect(await outcome('/sha512', authorization({ lines, algorithm: 'hmac-sha512' }))).toEqual(['jack']);
    expect(bench.got('authorization')).toEqual([]);
  });

  it('a signature without a field that must be signed', async () => {
    const lines = ['GET /fields', `date: ${dateNow()}`];
    expect(await outcome('/fields', authorization({ lines }))).toEqual(INVALID);
    const whole = authorization({ lines: [...lines, 'x-a: 1'], headers: '@request-target date x-a' });
    expect(await outcome('/fields', whole, { headers: { 'X-A': '1' } })).toEqual(['jack']);
  });

  it('a body without digest, and one that is too long to read', async () => {
    const field = (path: string) => authorization({ lines: [`POST ${path}`, `date: ${dateNow()}`] });
    expect(await outcome('/body', field('/body'), { method: 'POST', body: 'body' })).toEqual(INVALID);
    const answer = await bench.send('/small', {
      method: 'POST',
      headers: { 'Transfer-Encoding': 'chunked', Date: dateNow(), Authorization: field('/small') },
      body: '9\r\n123456789\r\n0\r\n\r\n',
    });
    expect(answer.status).toBe(413);
  });
});
