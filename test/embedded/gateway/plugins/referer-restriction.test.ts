import { beforeAll, describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();

beforeAll(async () => {
  const route = (uri: string, configuration: object) =>
    bench.route(uri, { 'referer-restriction': configuration });
  await route('/white', { whitelist: ['*.good.test', 'exact.test'] });
  await route('/black', {
    blacklist: ['*.bad.test', 'bad.test'],
    message: 'not from there',
    bypass_missing: true,
  });
});

describe('referer-restriction', () => {
  it.each([
    ['/white', 'http://x.good.test/a?b', 200],
    ['/white', 'https://exact.test:8443', 200],
    ['/white', '//exact.test/x', 200],
    ['/white', 'http://good.test', 403],
    ['/white', 'http://xgood.test', 403],
    ['/white', 'http://exact.test.evil.test', 403],
    ['/white', 'http://exact.test@evil.test/', 403],
    ['/white', 'exact.test', 403],
    ['/white', 'ftp://exact.test', 403],
    ['/white', undefined, 403],
    ['/black', 'http://x.bad.test', 403],
    ['/black', 'http://bad.test/', 403],
    ['/black', 'http://fine.test', 200],
    ['/black', 'no uri', 200],
    ['/black', undefined, 200],
  ])('%s from %s: %i', async (target, referer, status) => {
    const answer = await bench.send(target, { headers: referer === undefined ? {} : { Referer: referer } });
    expect(answer.status).toBe(status);
    const message = target === '/black' ? 'not from there' : 'Your referer host is not allowed';
    if (status === 403) expect(JSON.parse(answer.body)).toEqual({ message });
  });

  it('refuses both lists, and what is no host', async () => {
    const refusal = (configuration: object) => bench.refusal({ 'referer-restriction': configuration });
    expect(await refusal({ whitelist: ['a'], blacklist: ['b'] })).toBe(
      'value should match only one schema, but matches both schemas 1 and 2',
    );
    expect(await refusal({ whitelist: ['a b'] })).toMatch(
      /^property "whitelist" validation failed: failed to validate item 1/,
    );
  });
});
