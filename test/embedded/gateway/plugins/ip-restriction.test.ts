import { beforeAll, describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();

beforeAll(async () => {
  // The address of a request is what its field says.
  const from = { 'real-ip': { source: 'http_x_from' } };
  const route = (uri: string, configuration: object) =>
    bench.route(uri, { ...from, 'ip-restriction': configuration });
  await route('/white', { whitelist: ['10.0.0.0/8', '127.0.0.1', 'fe80::/32', '::1'] });
  await route('/black', {
    blacklist: ['10.0.0.0/8', '2001:db8::/32'],
    message: 'größer',
    response_code: 404,
  });
});

describe('ip-restriction', () => {
  it.each([
    ['/white', '10.255.0.1', 200],
    ['/white', '11.0.0.1', 403],
    ['/white', '127.0.0.1', 200],
    ['/white', '127.0.0.2', 403],
    ['/white', 'fe80::1', 200],
    ['/white', 'fe81::1', 403],
    ['/white', '::1', 200],
    ['/black', '10.0.0.1', 404],
    ['/black', '9.255.255.255', 200],
    ['/black', '2001:db8::1', 404],
    ['/black', '2001:DB8:0::1', 404],
    ['/black', '::1', 200],
  ])('%s from %s: %i', async (target, address, status) => {
    const answer = await bench.send(target, { headers: { 'X-From': address } });
    expect(answer.status).toBe(status);
    const message = target === '/white' ? 'Your IP address is not allowed' : 'größer';
    if (status !== 200)
      expect(JSON.parse(Buffer.from(answer.body, 'latin1').toString())).toEqual({ message });
  });

  it.each([
    [{}, 'value should match only one schema, but matches none'],
    [
      { whitelist: ['1.1.1.1'], blacklist: ['1.1.1.1'] },
      'value should match only one schema, but matches both schemas 1 and 2',
    ],
    [{ whitelist: ['::1/129'] }, 'invalid ip address: ::1/129'],
    [
      { blacklist: ['::ffgg'] },
      'property "blacklist" validation failed: failed to validate item 1: object matches none of the required',
    ],
    [
      { blacklist: ['1.1.1.1'], response_code: 402 },
      'property "response_code" validation failed: expected 402 to be at least 403',
    ],
  ])('refuses %j', async (configuration, message) => {
    expect(await bench.refusal({ 'ip-restriction': configuration })).toBe(message);
  });
});
