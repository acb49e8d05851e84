import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { referenceError, SecretReferences } from '../../../src/embedded/gateway/secret-references.ts';
import { startTestGateway, type TestGateway } from './support/gateway.ts';
import { exchange } from './support/http.ts';
import { startUpstream, type TestUpstream } from './support/upstream.ts';

let folder: string;
let time = Date.now();
const VARIABLES = {
  QBTC_TEST_KEY: 'key-of-the-variable',
  QBTC_TEST_EMPTY: '',
  QBTC_TEST_SHORT: 'short',
  QBTC_TEST_JSON: '{"key":"key-in-json","port":6379,"nested":{"a":1},"":"unnamed"}',
};

beforeAll(async () => {
  Object.assign(process.env, VARIABLES);
  folder = await mkdtemp(join(tmpdir(), 'qbtc-secrets-'));
  await writeFile(join(folder, 'key'), 'key-of-the-file\n');
  await writeFile(join(folder, 'marked'), '\uFEFFkey-of-an-editor\n');
  await writeFile(join(folder, 'bytes'), ' \r\n two lines \r\n');
  await writeFile(join(folder, 'json'), '{"key":"key-in-a-file"}');
  await writeFile(join(folder, 'large'), 'x'.repeat(64 * 1024 + 1));
  await writeFile(join(folder, '..data'), 'hidden');
  await mkdir(join(folder, 'folder'));
  await symlink('key', join(folder, 'link'));
});
afterAll(async () => {
  for (const name of Object.keys(VARIABLES)) delete process.env[name];
  await rm(folder, { recursive: true });
});

describe('a reference to a secret', () => {
  const warned: string[] = [];
  const references = () =>
    new SecretReferences(
      folder,
      () => time,
      (_level, _message, context) => warned.push(JSON.stringify(context)),
    );

  it.each([
    ['$env://QBTC_TEST_KEY', 'key-of-the-variable'],
    ['$ENV://QBTC_TEST_KEY', 'key-of-the-variable'],
    ['$Env://QBTC_TEST_KEY', 'key-of-the-variable'],
    ['$env://QBTC_TEST_JSON/key', 'key-in-json'],
    ['$env://QBTC_TEST_JSON/port', 6379],
    ['$env://QBTC_TEST_JSON/nested', { a: 1 }],
    ['$file://key', 'key-of-the-file'],
    ['$file://link', 'key-of-the-file'],
    ['$file://marked', 'key-of-an-editor'],
    ['$file://json/key', 'key-in-a-file'],
    ['$file://bytes', ' \r\n two lines '],
    ['$env:/QBTC_TEST_KEY', '$env:/QBTC_TEST_KEY'],
    ['a $env://QBTC_TEST_KEY', 'a $env://QBTC_TEST_KEY'],
    ['$5', '$5'],
  ])('%s is %j', (reference, secret) => {
    expect(references().resolve({ a: [{ b: reference }], c: 1 })).toEqual({
      value: { a: [{ b: secret }], c: 1 },
      unresolved: [],
    });
  });

  it.each([
    '$env://QBTC_TEST_NOT_THERE',
    '$env://QBTC_TEST_EMPTY',
    '$env://toString',
    '$env://__proto__',
    '$env://',
    '$env://QBTC_TEST_KEY/key',
    '$env://QBTC_TEST_JSON/toString',
    '$env://QBTC_TEST_JSON/nested/a',
    '$file://not-there',
    '$file://large',
    '$file://folder',
    '$file://key/key',
    '$file://../key',
    '$file://..data',
    '$file:///etc/passwd',
    '$secret://vault/1/key',
  ])('%s leads nowhere, and is never taken for the secret itself', (reference) => {
    warned.length = 0;
    const resolved = references().resolve({ a: reference, b: 'kept' });
    expect(resolved).toEqual({ value: { a: undefined, b: 'kept' }, unresolved: [reference] });
    expect(warned).toHaveLength(1);
    expect(warned[0]).toContain(JSON.stringify(reference));
  });

  it('is told of once, and without a secret', () => {
    warned.length = 0;
    const one = references();
    for (let i = 0; i < 3; i++) one.resolve({ a: '$env://QBTC_TEST_KEY/key' });
    expect(warned).toHaveLength(1);
    expect(warned.join()).not.toContain(VARIABLES.QBTC_TEST_KEY);
  });

  it('leaves a value without one as it is', () => {
    const value = { a: ['$', { b: 'c' }] };
    expect(references().resolve(value).value).toBe(value);
  });

  it('is refused when it is configured where it can lead nowhere', () => {
    expect(referenceError({ a: ['$env://X', '$file://x.pem/key'] })).toBeUndefined();
    expect(referenceError({ a: [{ b: '$secret://vault/1/key' }] })).toBe(
      'a reference to a secret manager, "$secret://vault/1/key", is not available in this gateway; APISIX has it (provider docker, or external for one that is installed)',
    );
    expect(referenceError({ a: '$file://../key' })).toBe(
      '"$file://../key" names no file of the folder of secrets',
    );
  });
});

describe('a gateway', () => {
  let gateway: TestGateway;
  let upstream: TestUpstream;

  beforeAll(async () => {
    gateway = await startTestGateway({ secretsFolder: folder }, () => time);
    upstream = await startUpstream((request, response) => response.end(String(request.headers['x-secret'])));
  });
  afterAll(() => Promise.all([gateway.close(), upstream.close()]));

  async function put(path: string, body: unknown): Promise<void> {
    const answer = await gateway.admin('PUT', path, body);
    expect(answer.status, answer.body).toBeLessThan(300);
  }
  const consumer = (username: string, key: string) =>
    put('/consumers', { username, plugins: { 'key-auth': { key } } });
  const route = (id: string, plugins: object) =>
    put(`/routes/${id}`, { uri: `/${id}`, plugins, upstream: { nodes: { [upstream.address]: 1 } } });
  const ask = async (path: string, apikey?: string) =>
    exchange(gateway.proxyUrl + path, apikey === undefined ? {} : { headers: { apikey } });
  const statusOf = async (apikey: string) => (await ask('/keyed', apikey)).status;

  it('lets in who has the secret, never who knows its name', async () => {
    await route('keyed', { 'key-auth': {} });
    await consumer('by-variable', '$env://QBTC_TEST_KEY');
    await consumer('by-json', '$ENV://QBTC_TEST_JSON/key');
    await consumer('by-nothing', '$env://QBTC_TEST_NOT_THERE');
    await consumer('by-emptiness', '$env://QBTC_TEST_EMPTY');
    await put('/consumers/by-variable/credentials/file', { plugins: { 'key-auth': { key: '$file://key' } } });
    for (const key of ['key-of-the-variable', 'key-in-json', 'key-of-the-file'])
      expect(await statusOf(key)).toBe(200);
    for (const key of [
      '$env://QBTC_TEST_KEY',
      '$ENV://QBTC_TEST_JSON/key',
      '$env://QBTC_TEST_NOT_THERE',
      '$file://key',
      '',
      'undefined',
    ])
      expect(await statusOf(key)).toBe(401);
    expect((await gateway.admin('GET', '/consumers/by-variable')).body).toContain('$env://QBTC_TEST_KEY');
  });

  it('takes what a file holds by now, soon after it has changed', async () => {
    await writeFile(join(folder, 'turning'), 'old');
    await consumer('turning', '$file://turning');
    await route('turning', { 'proxy-rewrite': { headers: { set: { 'X-Secret': '$file://turning' } } } });
    expect(await statusOf('old')).toBe(200);
    expect((await ask('/turning')).body).toBe('old');
    await writeFile(join(folder, 'turning'), 'newer');
    time += 10_000;
    expect(await statusOf('old')).toBe(401);
    expect(await statusOf('newer')).toBe(200);
    expect((await ask('/turning')).body).toBe('newer');
    await rm(join(folder, 'turning'));
    time += 10_000;
    expect(await statusOf('newer')).toBe(401);
    expect((await ask('/turning')).status).toBe(500);
  });

  it('resolves them in the configuration of every plugin, and serves no request without', async () => {
    await route('rewritten', {
      'proxy-rewrite': { headers: { set: { 'X-Secret': '$env://QBTC_TEST_KEY' } } },
    });
    expect((await ask('/rewritten')).body).toBe('key-of-the-variable');
    await route('rewritten', {
      'proxy-rewrite': { headers: { set: { 'X-Secret': '$env://QBTC_TEST_NOT_THERE' } } },
    });
    const without = await ask('/rewritten');
    expect([without.status, JSON.parse(without.body)]).toEqual([
      500,
      { message: 'a secret of the plugin proxy-rewrite is not available' },
    ]);
    // What is there is too short for a key.
    await route('signed', { 'vigoleonrocks-signature': { key: '$env://QBTC_TEST_SHORT' } });
    expect((await ask('/signed')).status).toBe(500);
  });

  it('refuses those of a secret manager by name', async () => {
    const answer = await gateway.admin('PUT', '/consumers', {
      username: 'by-vault',
      plugins: { 'key-auth': { key: '$secret://vault/1/key' } },
    });
    expect(answer.status).toBe(400);
    expect(answer.body).toContain('a reference to a secret manager');
  });
});
