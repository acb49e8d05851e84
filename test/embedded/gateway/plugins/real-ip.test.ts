import { beforeAll, describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();
type Headers = [name: string, value: string][];

beforeAll(async () => {
  // What comes after sees the address that was found.
  const shown = { 'proxy-rewrite': { headers: { set: { 'X-Seen': '$remote_addr|$remote_port' } } } };
  const route = (uri: string, configuration: object) =>
    bench.route(uri, { 'real-ip': configuration, ...shown });
  await route('/field', { source: 'http_x_from' });
  await route('/argument', { source: 'arg_from' });
  await route('/vouched', { source: 'http_x_real_ip' });
  await route('/forwarded', { source: 'http_x_forwarded_for' });
  await route('/untrusted', { source: 'http_x_from', trusted_addresses: ['192.128.0.0/16', '::1'] });
  await route('/recursive', {
    source: 'http_x_forwarded_for',
    trusted_addresses: ['192.128.0.0/16', '127.0.0.0/24', '2001:db8::/32'],
    recursive: true,
  });
  await bench.route('/restricted', {
    'real-ip': { source: 'http_x_from' },
    'ip-restriction': { whitelist: ['1.1.1.1'] },
  });
});

/** Address and port as plugins see them. */
async function seen(target: string, headers: Headers): Promise<string> {
  expect((await bench.send(target, { headers })).status).toBe(200);
  return String(bench.got('x-seen')[0]);
}

describe('real-ip', () => {
  it.each([
    ['1.1.1.1', '1.1.1.1|'],
    ['1.1.1.1:80', '1.1.1.1|80'],
    ['1.1.1.1:65535', '1.1.1.1|65535'],
    ['::1', '::1|'],
    ['[::1]', '::1|'],
    ['[::1]:8080', '::1|8080'],
    ['2001:db8::68', '2001:db8::68|'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1|'],
  ])('takes %s', async (from, expected) => {
    expect(await seen('/field', [['X-From', from]])).toBe(expected);
    expect(bench.got('x-real-ip')).toEqual([expected.split('|')[0]]);
  });

  it.each([
    '',
    'x',
    '1.1.1.1:0',
    '1.1.1.1:65536',
    '1.1.1.1:',
    '1.1.1.1:8x',
    '256.1.1.1',
    '01.1.1.1',
    '1.1.1.1, 2.2.2.2',
    '[1.1.1.1]',
    '::1:x',
    'fe80::1%lo',
    '[::1]x',
    '127.1',
    '\xff',
  ])('takes no address from %j', async (from) => {
    expect(await seen('/field', [['X-From', from]])).toMatch(/^127\.0\.0\.1\|[1-9]/);
  });

  it('takes it from any variable, and from what else the client cannot tell upstreams', async () => {
    expect(await seen('/argument?from=1.1.1.1', [])).toBe('1.1.1.1|');
    expect(await seen('/vouched', [['X-Real-IP', '1.1.1.1']])).toBe('1.1.1.1|');
    expect(bench.got('x-real-ip')).toEqual(['1.1.1.1']);
  });

  it.each([
    [['::1, ::2'], '::2'],
    [['1.1.1.1'], '1.1.1.1'],
    [['::1', '::2,  ::3'], '::3'],
  ])('takes the last of X-Forwarded-For: %j', async (values, expected) => {
    const headers = values.map((value): [string, string] => ['X-Forwarded-For', value]);
    expect(await seen('/forwarded', headers)).toBe(`${expected}|`);
    expect(bench.got('x-forwarded-for').at(-1)).toMatch(new RegExp(`${expected}$`));
  });

  it('takes nothing from whom it does not trust', async () => {
    expect(await seen('/untrusted', [['X-From', '1.1.1.1']])).toMatch(/^127\.0\.0\.1\|/);
  });

  it.each([
    ['1.1.1.1, 192.128.1.1, 127.0.0.1', '1.1.1.1'],
    ['9.9.9.9, 1.1.1.1, 192.128.1.1', '1.1.1.1'],
    ['192.128.1.1, 127.0.0.1', '192.128.1.1'],
    ['1.1.1.1', '1.1.1.1'],
    ['1.1.1.1,2001:db8::1', '1.1.1.1'],
  ])('goes back behind proxies that it trusts: %s', async (list, expected) => {
    expect(await seen('/recursive', [['X-Forwarded-For', list]])).toBe(`${expected}|`);
  });

  it('comes before what restricts addresses', async () => {
    expect((await bench.send('/restricted', { headers: [['X-From', '1.1.1.1']] })).status).toBe(200);
    expect((await bench.send('/restricted', { headers: [['X-From', '1.1.1.2']] })).status).toBe(403);
  });

  it.each([
    [{}, 'property "source" is required'],
    [
      { source: 'http_xff', trusted_addresses: ['127.0.0.1/33'] },
      'property "trusted_addresses" validation failed: failed to validate item 1: object matches none of the required',
    ],
    [{ source: 'http_xff', trusted_addresses: ['::1/129'] }, 'invalid ip address: ::1/129'],
  ])('refuses %j', async (configuration, message) => {
    expect(await bench.refusal({ 'real-ip': configuration })).toBe(message);
  });
});
