import { beforeAll, describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();
const BASIC = { Authorization: `Basic ${Buffer.from('jack:pw').toString('base64')}` };

beforeAll(async () => {
  await bench.put('/consumers', {
    username: 'jack',
    plugins: { 'basic-auth': { username: 'jack', password: 'pw' }, 'key-auth': { key: 'jack-key' } },
  });
  const route = (uri: string, auth_plugins: object[]) => bench.route(uri, { 'multi-auth': { auth_plugins } });
  await route('/multi', [
    { 'basic-auth': {} },
    { 'key-auth': { header: 'X-Key' } },
    { 'jwt-auth': {}, 'hmac-auth': {} },
  ]);
  await route('/body', [{ 'hmac-auth': { validate_request_body: true } }, { 'key-auth': {} }]);
});

describe('multi-auth', () => {
  it.each([
    [BASIC, true],
    [{ 'X-Key': 'jack-key' }, true],
    [{ apikey: 'jack-key' }, false],
    [{ ...BASIC, 'X-Key': 'wrong' }, true],
    [{ Authorization: 'Basic x', 'X-Key': 'jack-key' }, true],
    [{}, false],
  ])('%j: %s', async (headers, passes) => {
    const answer = await bench.send('/multi', { headers });
    expect(answer.status).toBe(passes ? 200 : 401);
    if (passes) expect(bench.got('x-consumer-username')).toEqual(['jack']);
    else expect(JSON.parse(answer.body)).toEqual({ message: 'Authorization Failed' });
  });

  it('asks for credentials as its members do', async () => {
    expect((await bench.send('/multi')).headers['www-authenticate']).toEqual(["Basic realm='.'"]);
    // As in APISIX, also where another one lets the request through.
    const answer = await bench.send('/multi', { headers: { 'X-Key': 'jack-key' } });
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([200, ["Basic realm='.'"]]);
  });

  it('hands the body on to who needs it after a member has looked', async () => {
    const request = {
      method: 'POST',
      body: 'body',
      headers: { apikey: 'jack-key', Authorization: 'Signature x' },
    };
    expect((await bench.send('/body', request)).status).toBe(200);
    expect(bench.seen?.body).toBe('body');
  });

  it.each([
    [{}, 'property "auth_plugins" is required'],
    [
      { auth_plugins: [{ 'basic-auth': {} }] },
      'property "auth_plugins" validation failed: expect array to have at least 2 items',
    ],
    [{ auth_plugins: [{ 'basic-auth': {} }, { x: {} }] }, 'x plugin did not found'],
    [{ auth_plugins: [{ 'basic-auth': {} }, { constructor: {} }] }, 'constructor plugin did not found'],
    [
      { auth_plugins: [{ 'basic-auth': {} }, { 'ip-restriction': {} }] },
      'ip-restriction plugin is not supported',
    ],
    [{ auth_plugins: [{ 'basic-auth': {} }, { 'multi-auth': {} }] }, 'multi-auth plugin is not supported'],
    [
      { auth_plugins: [{ 'basic-auth': {} }, { 'key-auth': { header: 1 } }] },
      'plugin key-auth check schema failed: property "header" validation failed: wrong type: expected string, got number',
    ],
    [
      { auth_plugins: [{ 'basic-auth': {} }, { 'key-auth': 1 }] },
      'plugin key-auth check schema failed: wrong type: expected object, got number',
    ],
  ])('refuses %j', async (configuration, message) => {
    expect(await bench.refusal({ 'multi-auth': configuration })).toBe(message);
  });
});
