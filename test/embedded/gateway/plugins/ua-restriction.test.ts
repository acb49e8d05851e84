import { beforeAll, describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();

beforeAll(async () => {
  const route = (uri: string, configuration: object) => bench.route(uri, { 'ua-restriction': configuration });
  await route('/allow', { allowlist: ['^good', '(Baidu)(\\d+)$'] });
  await route('/deny', { denylist: ['bad-bot', '^größe'], message: 'go away' });
  await route('/bypass', { denylist: ['bad-bot'], bypass_missing: true });
});

describe('ua-restriction', () => {
  it.each([
    ['/allow', ['good/1.0'], 200],
    ['/allow', ['  good/1.0  '], 200],
    ['/allow', ['Baidu88'], 200],
    ['/allow', ['not good'], 403],
    ['/allow', ['none', 'good'], 200],
    ['/allow', [], 403],
    ['/deny', ['fine'], 200],
    ['/deny', ['a bad-bot'], 403],
    ['/deny', ['fine', 'bad-bot'], 403],
    ['/deny', [Buffer.from('größe').toString('latin1')], 403],
    ['/deny', ['gr\xf6\xdfe'], 200],
    ['/deny', [], 403],
    ['/bypass', [], 200],
    ['/bypass', ['bad-bot'], 403],
  ])('%s with %j: %i', async (target, agents, status) => {
    const answer = await bench.send(target, {
      headers: agents.map((agent): [string, string] => ['User-Agent', agent]),
    });
    expect(answer.status).toBe(status);
    const message = target === '/deny' ? 'go away' : 'Not allowed';
    if (status === 403) expect(JSON.parse(answer.body)).toEqual({ message });
  });

  it.each([
    [{}, 'value should match only one schema, but matches none'],
    [
      { allowlist: ['a'], denylist: ['b'] },
      'value should match only one schema, but matches both schemas 1 and 2',
    ],
    [{ denylist: [] }, 'property "denylist" validation failed: expect array to have at least 1 items'],
  ])('refuses %j', async (configuration, message) => {
    expect(await bench.refusal({ 'ua-restriction': configuration })).toBe(message);
  });

  it('refuses a pattern that is none', async () => {
    expect(await bench.refusal({ 'ua-restriction': { allowlist: ['a', '(?!)['] } })).not.toBe('');
  });
});
