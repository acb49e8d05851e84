import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();
const SECRET = 'a secret of größe';
const ENCODED = Buffer.from('\0binary secret\xff', 'latin1');

const { publicKey: ecPublic, privateKey: ecPrivate } = generateKeyPairSync('ec', {
  namedCurve: 'prime256v1',
});
const { publicKey: rsaPublic, privateKey: rsaPrivate } = generateKeyPairSync('rsa', { modulusLength: 768 });
const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }) as string;

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
type Signer = (signed: string) => Buffer;
const hmac =
  (hash: string, secret: string | Buffer): Signer =>
  (signed) =>
    createHmac(hash, secret).update(signed).digest();
const rs256: Signer = (signed) => sign('sha256', Buffer.from(signed), rsaPrivate);
const es256: Signer = (signed) =>
  sign('sha256', Buffer.from(signed), { key: ecPrivate, dsaEncoding: 'ieee-p1363' });

function token(claims: object, alg: string, signer: Signer, header: object = {}): string {
  const signed = `${encoded({ alg, typ: 'JWT', ...header })}.${encoded(claims)}`;
  return `${signed}.${signer(signed).toString('base64url')}`;
}
const later = () => bench.now / 1000 + 60;
const hs256 = (claims: object) =>
  token({ key: 'hs', exp: later(), ...claims }, 'HS256', hmac('sha256', SECRET));

beforeAll(async () => {
  const consumer = (username: string, configuration: object) =>
    bench.put('/consumers', { username, plugins: { 'jwt-auth': configuration } });
  await consumer('hs', { key: 'hs', secret: SECRET });
  await consumer('hs512', {
    key: 'schlüssel',
    secret: ENCODED.toString('base64'),
    base64_secret: true,
    algorithm: 'HS512',
  });
  await consumer('grace', { key: 'grace', secret: SECRET, lifetime_grace_period: 10 });
  await consumer('rs', { key: 'rs', algorithm: 'RS256', public_key: pem(rsaPublic) });
  await consumer('es', { key: 'es', algorithm: 'ES256', public_key: pem(ecPublic) });
  await consumer('mixed', { key: 'mixed', algorithm: 'ES256', public_key: pem(rsaPublic) });
  await consumer('broken', { key: 'broken', algorithm: 'RS256', public_key: 'no key' });
  await consumer('empty', { key: 'empty', secret: '=', base64_secret: true });
  await bench.put('/consumers', { username: 'nobody' });
  await bench.route('/plain', { 'jwt-auth': {} });
  await bench.route('/hidden', {
    'jwt-auth': { hide_credentials: true, header: 'X-Jwt', query: 'j', cookie: 'c' },
  });
  await bench.route('/claim', { 'jwt-auth': { key_claim_name: 'sub' } });
  await bench.route('/proto', { 'jwt-auth': { key_claim_name: '__proto__' } });
  await bench.route('/anonymous', { 'jwt-auth': { anonymous_consumer: 'nobody' } });
});

/** The consumer that the token is taken for, or what is said in its place. */
async function outcome(text: string, path = '/plain'): Promise<unknown> {
  const answer = await bench.send(path, { headers: { Authorization: text } });
  return answer.status === 200 ? bench.got('x-consumer-username') : JSON.parse(answer.body);
}
const refused = (message: string) => ({ message });
const UNVERIFIED = refused('failed to verify jwt');

describe('jwt-auth verifies', () => {
  it.each([
    ['HS256', () => hs256({}), 'hs'],
    [
      'HS512 with a secret in base64',
      () => token({ key: 'schlüssel', nbf: 0 }, 'HS512', hmac('sha512', ENCODED)),
      'hs512',
    ],
    ['RS256', () => token({ key: 'rs', exp: later() }, 'RS256', rs256), 'rs'],
    ['ES256', () => token({ key: 'es', exp: later() }, 'ES256', es256), 'es'],
  ])('%s', async (_name, make, username) => {
    expect(await outcome(make())).toEqual([username]);
    expect(await outcome(`Bearer ${make()}`)).toEqual([username]);
  });

  it('a token in the query or in a cookie', async () => {
    expect((await bench.send(`/plain?jwt=${hs256({})}`)).status).toBe(200);
    expect((await bench.send('/plain', { headers: { Cookie: `a=b; jwt=${hs256({})}` } })).status).toBe(200);
  });

  it('the claim that is to hold the key', async () => {
    expect(await outcome(hs256({ sub: 'hs', key: 'none' }), '/claim')).toEqual(['hs']);
    expect(await outcome(hs256({}), '/claim')).toEqual(refused('missing user key in JWT token'));
  });
});

describe('jwt-auth, time', () => {
  it.each([
    ['expired', () => ({ exp: bench.now / 1000 })],
    ['not yet valid', () => ({ nbf: bench.now / 1000 + 1 })],
    ['with neither exp nor nbf', () => ({ exp: undefined })],
    ['with a text as exp', () => ({ exp: String(later()) })],
    ['with null as exp', () => ({ exp: null })],
    ['with a negative nbf', () => ({ nbf: -1 })],
  ])('refuses a token %s', async (_name, claims) => {
    expect(await outcome(hs256(claims()))).toEqual(UNVERIFIED);
  });

  it('has grace where the consumer has', async () => {
    const grace = (exp: number) => token({ key: 'grace', exp }, 'HS256', hmac('sha256', SECRET));
    expect(await outcome(grace(bench.now / 1000 - 9))).toEqual(['grace']);
    expect(await outcome(grace(bench.now / 1000 - 10))).toEqual(UNVERIFIED);
  });
});

describe('jwt-auth refuses', () => {
  it.each([
    ['nothing', '', 'JWT token invalid'],
    ['what is no token', 'garbage', 'JWT token invalid'],
    ['four parts', 'a.b.c.d', 'JWT token invalid'],
    ['parts that are no JSON', 'YQ.YQ.YQ', 'JWT token invalid'],
    ['a header that is no object', `${encoded('x')}.${encoded({})}.YQ`, 'JWT token invalid'],
    ['claims that are null', `${encoded({})}.${encoded(null)}.YQ`, 'JWT token invalid'],
    ['claims that are a list', `${encoded({})}.${encoded([])}.YQ`, 'JWT token invalid'],
    [
      'claims that are not UTF-8',
      `${encoded({})}.${Buffer.from('{"key":"\xff"}', 'latin1').toString('base64url')}.YQ`,
      'JWT token invalid',
    ],
    [
      'a key that is a number',
      token({ key: 1 }, 'HS256', hmac('sha256', SECRET)),
      'Invalid user key in JWT token',
    ],
    [
      'a key that is a list',
      token({ key: ['hs'] }, 'HS256', hmac('sha256', SECRET)),
      'Invalid user key in JWT token',
    ],
    [
      'a key that nobody has',
      token({ key: '__proto__' }, 'HS256', hmac('sha256', SECRET)),
      'Invalid user key in JWT token',
    ],
    ['no key', token({}, 'HS256', hmac('sha256', SECRET)), 'missing user key in JWT token'],
  ])('%s', async (_name, text, message) => {
    expect(await outcome(text)).toEqual(refused(message));
  });

  it('no token', async () => {
    expect(JSON.parse((await bench.send('/plain')).body)).toEqual(refused('Missing JWT token in request'));
  });

  it('a claim that every object seems to have', async () => {
    expect(await outcome(hs256({}), '/proto')).toEqual(refused('missing user key in JWT token'));
  });

  it.each([
    [
      'a signature of another secret',
      () => token({ key: 'hs', exp: later() }, 'HS256', hmac('sha256', 'other')),
    ],
    ['a signature that is cut', () => hs256({}).slice(0, -4)],
    ['a signature that is padded', () => `${hs256({})}=`],
    ['no signature', () => `${hs256({}).split('.').slice(0, 2).join('.')}.`],
    [
      'another algorithm with the same secret',
      () => token({ key: 'hs', exp: later() }, 'HS512', hmac('sha512', SECRET)),
    ],
    ['an empty secret', () => token({ key: 'empty', exp: later() }, 'HS256', hmac('sha256', ''))],
    ['none', () => token({ key: 'hs', exp: later() }, 'none', () => Buffer.alloc(0))],
    ['none, spelt differently', () => token({ key: 'hs', exp: later() }, 'nOnE', () => Buffer.alloc(0))],
    [
      'no algorithm',
      () => token({ key: 'hs', exp: later() }, 'x', hmac('sha256', SECRET), { alg: undefined }),
    ],
    [
      'a public key taken for a secret',
      () => token({ key: 'rs', exp: later() }, 'HS256', hmac('sha256', pem(rsaPublic))),
    ],
    ['the other public key algorithm', () => token({ key: 'rs', exp: later() }, 'ES256', es256)],
    ['a key of another kind', () => token({ key: 'mixed', exp: later() }, 'ES256', rs256)],
    ['a key that is none', () => token({ key: 'broken', exp: later() }, 'RS256', rs256)],
    [
      'an ES256 signature in DER',
      () =>
        token({ key: 'es', exp: later() }, 'ES256', (signed) =>
          sign('sha256', Buffer.from(signed), ecPrivate),
        ),
    ],
    [
      'an ES256 signature of zeros',
      () => token({ key: 'es', exp: later() }, 'ES256', () => Buffer.alloc(64)),
    ],
    [
      'a critical extension',
      () => token({ key: 'hs', exp: later() }, 'HS256', hmac('sha256', SECRET), { crit: ['x'], x: 1 }),
    ],
    [
      'a key in the token',
      () => token({ key: 'rs', exp: later() }, 'RS256', es256, { jwk: ecPublic.export({ format: 'jwk' }) }),
    ],
  ])('%s', async (_name, make) => {
    const text = make();
    const message = /=$/.test(text) ? 'JWT token invalid' : 'failed to verify jwt';
    expect(await outcome(text)).toEqual(refused(message));
    expect(bench.seen).toBeUndefined();
  });
});

describe('jwt-auth', () => {
  it('hides the token that it has taken', async () => {
    await bench.send('/hidden?a=b', { headers: { 'x-jwt': `Bearer ${hs256({})}` } });
    expect(bench.got('x-jwt')).toEqual([]);
    await bench.send(`/hidden?a=%C4&j=${hs256({})}`);
    expect(bench.seen?.target).toBe('/hidden?a=%C4');
    await bench.send('/hidden', { headers: { Cookie: `a="b c"; c=${hs256({})}; d=e` } });
    expect(bench.got('cookie')).toEqual(['a="b c"; d=e']);
    await bench.send('/hidden', { headers: { Cookie: `c=${hs256({})}` } });
    expect(bench.got('cookie')).toEqual([]);
  });

  it('lets anybody through as the anonymous consumer', async () => {
    expect(await outcome('garbage', '/anonymous')).toEqual(['nobody']);
  });

  it.each([
    [{ key: 'k' }, 'property "secret" is required when "algorithm" is "HS256" or "HS512"'],
    [
      { key: 'k', algorithm: 'HS512' },
      'property "secret" is required when "algorithm" is "HS256" or "HS512"',
    ],
    [{ secret: 's' }, 'property "key" is required'],
    [
      { key: 'k', secret: 's', algorithm: 'none' },
      'property "algorithm" validation failed: matches none of the enum values',
    ],
    [
      { key: 'k', algorithm: 'RS256' },
      'failed to validate dependent schema for "algorithm": value should match only one schema, but matches none',
    ],
    [
      { key: 'k', secret: 'not base64!', base64_secret: true },
      'base64_secret required but the secret is not in base64 format',
    ],
    [
      { key: '', secret: 's' },
      'property "key" validation failed: string too short, expected at least 1, got 0',
    ],
  ])('refuses a consumer with %j', async (configuration, message) => {
    const answer = await bench.gateway.admin('PUT', '/consumers', {
      username: 'x',
      plugins: { 'jwt-auth': configuration },
    });
    expect(JSON.parse(answer.body)).toEqual({
      error_msg: `invalid plugins configuration: failed to check the configuration of plugin jwt-auth err: ${message}`,
    });
  });

  it('refuses by name what only plugins in Lua could read', async () => {
    expect(await bench.refusal({ 'jwt-auth': { store_in_ctx: true } })).toMatch(
      /^property "store_in_ctx", .* is not available in this gateway; APISIX has it/,
    );
  });
});
