import { beforeAll, describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();
const basic = (credentials: string) => ({
  Authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
});

beforeAll(async () => {
  const user = (username: string, password: string) =>
    bench.put('/consumers', { username, plugins: { 'basic-auth': { username, password } } });
  await user('jack', 'pw');
  await user('jill', 'größe:1 2');
  await bench.put('/consumers', { username: 'nobody' });
  await bench.route('/plain', { 'basic-auth': {} });
  await bench.route('/hidden', { 'basic-auth': { hide_credentials: true } });
  await bench.route('/anonymous', { 'basic-auth': { anonymous_consumer: 'nobody' } });
});

describe('basic-auth', () => {
  it.each([
    [basic('jack:pw'), 'jack'],
    [{ Authorization: 'bASiC amFjazpwdw' }, 'jack'],
    [basic('jill:größe:1 2'), 'jill'],
  ])('lets %j through', async (headers, username) => {
    expect((await bench.send('/plain', { headers })).status).toBe(200);
    expect(bench.got('x-consumer-username')).toEqual([username]);
    expect(bench.got('authorization')).toEqual([headers.Authorization]);
  });

  it('asks for credentials where there are none', async () => {
    const answer = await bench.send('/plain');
    expect([answer.status, answer.body]).toEqual([401, '{"message":"Missing authorization in request"}\n']);
    expect(answer.headers['www-authenticate']).toEqual(["Basic realm='.'"]);
  });

  it.each([
    [{ Authorization: 'Bearer x' }, 'Invalid authorization in request'],
    [{ Authorization: 'Basic' }, 'Invalid authorization in request'],
    [{ Authorization: 'Basic aca_a' }, 'Invalid authorization in request'],
    [{ Authorization: 'Basic YmFyY' }, 'Invalid authorization in request'],
    [basic('jack'), 'Invalid authorization in request'],
    [basic('jack:'), 'Invalid user authorization'],
    [basic('jack:pw:more'), 'Invalid user authorization'],
    [basic('jack: pw'), 'Invalid user authorization'],
    [basic('__proto__:undefined'), 'Invalid user authorization'],
    [basic('nobody:undefined'), 'Invalid user authorization'],
  ])('refuses %j', async (headers, message) => {
    const answer = await bench.send('/plain', { headers });
    expect([answer.status, JSON.parse(answer.body)]).toEqual([401, { message }]);
    expect(answer.headers['www-authenticate']).toBeUndefined();
  });

  it('hides the credentials that it has taken', async () => {
    await bench.send('/hidden', { headers: basic('jack:pw') });
    expect(bench.got('authorization')).toEqual([]);
  });

  it('lets anybody through as the anonymous consumer', async () => {
    expect((await bench.send('/anonymous')).status).toBe(200);
    expect(bench.got('x-consumer-username')).toEqual(['nobody']);
  });

  it.each([
    [{ username: 'bar' }, 'property "password" is required'],
    [
      { username: 'bar', password: 1 },
      'property "password" validation failed: wrong type: expected string, got number',
    ],
  ])('refuses a consumer with %j', async (configuration, message) => {
    const answer = await bench.gateway.admin('PUT', '/consumers', {
      username: 'bar',
      plugins: { 'basic-auth': configuration },
    });
    expect(JSON.parse(answer.body)).toEqual({
      error_msg: `invalid plugins configuration: failed to check the configuration of plugin basic-auth err: ${message}`,
    });
  });
});
