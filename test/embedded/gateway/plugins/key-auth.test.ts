import { beforeAll, describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();
const route = (uri: string, configuration: object, more: object = {}) =>
  bench.route(uri, { 'key-auth': configuration, ...more });

beforeAll(async () => {
  await bench.put('/consumers', {
    username: 'jack',
    labels: { custom_id: 'größe-1' },
    plugins: { 'key-auth': { key: 'jack-key' } },
  });
  await bench.put('/consumers', { username: 'jill', plugins: { 'key-auth': { key: 'schlüssel' } } });
  await bench.put('/consumers', { username: 'nobody', plugins: {} });
  await bench.put('/consumers/jill/credentials/c1', { plugins: { 'key-auth': { key: 'second-key' } } });
  await route('/plain', {});
  await route('/hidden', { hide_credentials: true, header: 'X-Key', query: 'k' });
  await route('/anonymous', { anonymous_consumer: 'nobody' });
  await route('/nobody-there', { anonymous_consumer: 'missing' });
});

const message = (body: string) => (JSON.parse(body) as { message: string }).message;

describe('key-auth', () => {
  it('lets a key through, in a header or in the query', async () => {
    expect((await bench.send('/plain', { headers: { apikey: 'jack-key' } })).status).toBe(200);
    expect(bench.got('x-consumer-username')).toEqual(['jack']);
    expect((await bench.send('/plain?apikey=jack-key')).status).toBe(200);
    expect(bench.seen?.target).toBe('/plain?apikey=jack-key');
  });

  it.each([
    ['/plain', {}, 'Missing API key in request'],
    ['/plain', { apikey: 'wrong' }, 'Invalid API key in request'],
    ['/plain?apikey=', {}, 'Invalid API key in request'],
    ['/plain?apikey=__proto__', {}, 'Invalid API key in request'],
    ['/plain', { apikey: 'schl\xfcssel' }, 'Invalid API key in request'],
    ['/nobody-there', {}, 'Invalid user authorization'],
  ])('answers 401 to %s with %j', async (target, headers, expected) => {
    const answer = await bench.send(target, { headers });
    expect([answer.status, message(answer.body)]).toEqual([401, expected]);
    expect(answer.headers['www-authenticate']).toBeUndefined();
    expect(bench.seen).toBeUndefined();
  });

  it('compares keys as bytes', async () => {
    const key = Buffer.from('schlüssel').toString('latin1');
    await bench.send('/plain', { headers: { apikey: key } });
    expect(bench.got('x-consumer-username')).toEqual(['jill']);
    await bench.send('/plain?apikey=schl%C3%BCssel');
    expect(bench.got('x-consumer-username')).toEqual(['jill']);
  });

  it('hides the key that it has taken', async () => {
    await bench.send('/hidden', { headers: { 'X-KEY': 'jack-key', apikey: 'other' } });
    expect([...bench.got('x-key'), ...bench.got('apikey')]).toEqual(['other']);
    await bench.send('/hidden?a=%20&k=jack-key&b=%C4&%6b=again');
    expect(bench.seen?.target).toBe('/hidden?a=%20&b=%C4');
  });

  it('keeps a hidden key hidden when the path is rewritten', async () => {
    await route('/hidden-rewritten', { hide_credentials: true }, { 'proxy-rewrite': { uri: '/new' } });
    await bench.send('/hidden-rewritten?apikey=jack-key&a=b');
    expect(bench.seen?.target).toBe('/new?a=b');
  });

  it('lets anybody through as the anonymous consumer', async () => {
    for (const headers of [{}, { apikey: 'wrong' }] as Record<string, string>[]) {
      expect((await bench.send('/anonymous', { headers })).status).toBe(200);
      expect(bench.got('x-consumer-username')).toEqual(['nobody']);
    }
  });
});

describe('what an upstream is told about a consumer', () => {
  it('is its name, its label custom_id and its credential', async () => {
    await bench.send('/plain', { headers: { apikey: 'jack-key' } });
    expect(bench.got('x-consumer-custom-id')).toEqual([Buffer.from('größe-1').toString('latin1')]);
    expect(bench.got('x-credential-identifier')).toEqual([]);
    await bench.send('/plain', { headers: { apikey: 'second-key' } });
    expect(bench.got('x-consumer-username')).toEqual(['jill']);
    expect(bench.got('x-credential-identifier')).toEqual(['c1']);
    expect(bench.got('x-consumer-custom-id')).toEqual([]);
  });

  it('is never what a client says under these names, however it spells them', async () => {
    const forged = [
      'X-Consumer-Username',
      'X_Consumer_Username',
      'x-credential_identifier',
      'X-CONSUMER-CUSTOM-ID',
    ];
    await bench.send('/plain', {
      headers: [['apikey', 'second-key'], ...forged.map((name): [string, string] => [name, 'forged'])],
    });
    expect(bench.seen?.headers.filter(([, value]) => value === 'forged')).toEqual([]);
  });

  it('is known to plugins that run after', async () => {
    await route(
      '/later',
      {},
      {
        'proxy-rewrite': { headers: { set: { 'X-Who': '$consumer_name' }, remove: ['X-Consumer-Username'] } },
      },
    );
    await bench.send('/later', { headers: { apikey: 'jack-key' } });
    expect([bench.got('x-who'), bench.got('x-consumer-username')]).toEqual([['jack'], []]);
  });
});
