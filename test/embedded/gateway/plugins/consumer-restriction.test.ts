import { beforeAll, describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();

beforeAll(async () => {
  await bench.put('/consumer_groups/g1', { plugins: {} });
  for (const username of ['jack', 'jill', 'joe']) {
    await bench.put('/consumers', {
      username,
      plugins: { 'key-auth': { key: username } },
      ...(username === 'jack' ? { group_id: 'g1' } : {}),
    });
  }
  await bench.put('/services/s1', { plugins: { 'key-auth': {} } });
  const route = (uri: string, configuration: object, more: object = {}) =>
    bench.route(uri, { 'key-auth': {}, 'consumer-restriction': configuration }, more);
  await route('/white', { whitelist: ['jack', '__proto__'] });
  await route('/black', { blacklist: ['jack'], rejected_code: 401, rejected_msg: 'not you' });
  await route('/both', { whitelist: ['jack', 'jill'], blacklist: ['jill'] });
  await route('/group', { type: 'consumer_group_id', whitelist: ['g1'] });
  await route('/service', { type: 'service_id', blacklist: ['s1'] }, { service_id: 's1' });
  await route('/route', { type: 'route_id', whitelist: ['none'] });
  await route('/methods', {
    allowed_by_methods: [{ user: 'jack', methods: ['POST'] }, { user: 'jill' }],
    whitelist: ['joe'],
  });
  await route('/methods-alone', { allowed_by_methods: [{ user: 'jack', methods: ['POST'] }] });
  await bench.route('/nobody', { 'consumer-restriction': { blacklist: ['jack'] } });
});

describe('consumer-restriction', () => {
  it.each([
    ['/white', 'jack', 200],
    ['/white', 'jill', 403],
    ['/black', 'jack', 401],
    ['/black', 'jill', 200],
    ['/both', 'jack', 200],
    ['/both', 'jill', 403],
    ['/both', 'joe', 403],
    ['/group', 'jack', 200],
    ['/service', 'jack', 403],
    ['/route', 'jack', 403],
    ['/methods', 'joe', 200],
    ['/methods', 'jack', 403],
    ['/methods-alone', 'jack', 403],
    ['/methods-alone', 'jill', 200],
  ])('%s for %s: %i', async (target, key, status) => {
    expect((await bench.send(target, { headers: { apikey: key } })).status).toBe(status);
  });

  it('lets a method through that is allowed', async () => {
    const post = { method: 'POST', headers: { apikey: 'jack' } };
    expect((await bench.send('/methods-alone', post)).status).toBe(200);
  });

  it.each([
    ['/white', { apikey: 'jill' }, 'The consumer_name is forbidden.'],
    ['/black', { apikey: 'jack' }, 'not you'],
    [
      '/group',
      { apikey: 'jill' },
      'The request is rejected, please check the consumer_group_id for this request',
    ],
    ['/nobody', {}, 'The request is rejected, please check the consumer_name for this request'],
  ])('says at %s with %j: %s', async (target, headers, message) => {
    expect(JSON.parse((await bench.send(target, { headers })).body)).toEqual({ message });
  });

  it.each([
    [{}, 'object matches none of the required: ["blacklist"] or ["whitelist"] or ["allowed_by_methods"]'],
    [{ whitelist: [] }, 'property "whitelist" validation failed: expect array to have at least 1 items'],
    [{ whitelist: ['a'], type: 'x' }, 'property "type" validation failed: matches none of the enum values'],
    [
      { whitelist: ['a'], rejected_code: 1000 },
      'property "rejected_code" validation failed: expected 1000 to be at most 599',
    ],
  ])('refuses %j', async (configuration, message) => {
    expect(await bench.refusal({ 'consumer-restriction': configuration })).toBe(message);
  });
});
