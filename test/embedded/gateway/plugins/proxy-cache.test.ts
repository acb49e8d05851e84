import { beforeEach, describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';
import type { RawAnswer } from '../support/raw.ts';

const bench = pluginBench();
const memory = (more: object = {}) => ({
  'proxy-cache': { cache_strategy: 'memory', cache_zone: 'memory_cache', ...more },
});
const told = ({ headers }: RawAnswer) => headers['apisix-cache-status']?.[0];

let asked = 0;
/** Fields of what the upstream answers. */
let fields: Record<string, string | string[]> = {};
let status = 200;

beforeEach(() => {
  [asked, fields, status] = [0, {}, 200];
  bench.answer = (_, response) => {
    asked++;
    const body = `answer ${asked}`;
    response
      .writeHead(status, { 'Content-Type': 'text/plain', 'Content-Length': body.length, ...fields })
      .end(body);
  };
});

/** The status of the cache for these requests in turn. */
async function statuses(...requests: [target: string, request?: Parameters<typeof bench.send>[1]][]) {
  const found: (string | undefined)[] = [];
  for (const [target, request] of requests) found.push(told(await bench.send(target, request)));
  return found;
}

describe('proxy-cache', () => {
  it('gives an answer again until its time is over', async () => {
    await bench.route('/a', memory({ cache_ttl: 60 }));
    fields = {
      'X-A': 'b',
      'Set-Cookie': ['a=1', 'b=2'],
      'X-RateLimit-Remaining': '5',
      Connection: 'X-Own',
      'X-Own': 'x',
    };
    const first = await bench.send('/a');
    expect([told(first), first.body, first.headers['content-length']]).toEqual(['MISS', 'answer 1', ['8']]);
    bench.now += 59_500;
    const second = await bench.send('/a');
    expect([told(second), second.body]).toEqual(['HIT', 'answer 1']);
    expect(second.headers).toMatchObject({
      'x-a': ['b'],
      'set-cookie': ['a=1', 'b=2'],
      'content-type': ['text/plain'],
      'content-length': ['8'],
      age: ['59'],
      date: first.headers.date,
    });
    expect(second.headers).not.toHaveProperty('x-ratelimit-remaining');
    expect(second.headers).not.toHaveProperty('x-own');
    bench.now += 1000;
    const third = await bench.send('/a');
    expect([told(third), third.body]).toEqual(['EXPIRED', 'answer 2']);
    expect(told(await bench.send('/a'))).toBe('HIT');
  });

  it('keeps answers apart by its key, and methods that are not the same', async () => {
    await bench.route(
      '/b/*',
      memory({ cache_key: ['$uri', '--', '$arg_x', 'größe'], cache_method: ['GET', 'POST'] }),
    );
    expect(
      await statuses(
        ['/b/1?x=1'],
        ['/b/1?x=1&y=2'],
        ['/b/1?x=2'],
        ['/b/2?x=1'],
        ['/b/1?x=1', { method: 'POST', body: 'a' }],
        ['/b/1?x=1', { method: 'POST', body: 'b' }],
        ['/b/1?x=1', { method: 'HEAD' }],
        ['/b/1?x=1', { method: 'PUT' }],
      ),
    ).toEqual(['MISS', 'HIT', 'MISS', 'MISS', 'MISS', 'HIT', 'MISS', 'MISS']);
    expect((await bench.send('/b/1?x=1')).body).toBe('answer 1');
  });

  it('takes no key of a GET for one of a POST', async () => {
    await bench.route('/keyed', memory({ cache_key: ['$http_x_key'], cache_method: ['GET', 'POST'] }));
    const keyed = (method: string, key: string): [string, object] => [
      '/keyed',
      { method, headers: { 'X-Key': key } },
    ];
    expect(await statuses(keyed('POST', 'a'), keyed('GET', 'POST a'), keyed('GET', 'a'))).toEqual([
      'MISS',
      'MISS',
      'MISS',
    ]);
  });

  it('answers HEAD out of what a GET got, and never a GET out of what a HEAD got', async () => {
    await bench.route('/c', memory());
    expect(await statuses(['/c', { method: 'HEAD' }], ['/c'])).toEqual(['MISS', 'MISS']);
    const { headers, body } = await bench.send('/c', { method: 'HEAD' });
    expect([headers['apisix-cache-status'], headers['content-length'], body]).toEqual([['HIT'], ['8'], '']);
  });

  it('passes by the cache, or leaves it as it is, where values say so', async () => {
    await bench.route(
      '/d',
      memory({ cache_key: ['$uri'], cache_bypass: ['$arg_bypass'], no_cache: ['$arg_no', '$arg_none'] }),
    );
    expect(
      await statuses(['/d?no=1'], ['/d?bypass=1'], ['/d?no=0'], ['/d'], ['/d?bypass=1'], ['/d?bypass=0']),
    ).toEqual(['MISS', 'BYPASS', 'MISS', 'HIT', 'BYPASS', 'HIT']);
  });

  it('keeps the statuses that it is told to, no part, and nothing that it answers itself', async () => {
    await bench.route('/e', memory({ cache_http_status: [206, 503] }));
    expect(await statuses(['/e'], ['/e'])).toEqual(['MISS', 'MISS']);
    status = 206;
    expect(await statuses(['/e'], ['/e'])).toEqual(['MISS', 'MISS']);
    status = 503;
    expect(await statuses(['/e'], ['/e'])).toEqual(['MISS', 'HIT']);
    await bench.route('/e2', {
      ...memory({ cache_http_status: [503] }),
      'limit-count': { count: 1, time_window: 60 },
    });
    status = 200;
    expect(await statuses(['/e2'], ['/e2'], ['/e2'])).toEqual(['MISS', 'MISS', 'MISS']);
  });

  it('forgets by PURGE', async () => {
    await bench.route('/f', memory());
    await bench.send('/f');
    const codes: number[] = [];
    for (const method of ['PURGE', 'PURGE']) codes.push((await bench.send('/f', { method })).status);
    expect(codes).toEqual([200, 404]);
    expect(asked).toBe(1);
    expect(told(await bench.send('/f'))).toBe('MISS');
  });

  it('hides what is said of caches, where it is told to', async () => {
    fields = { 'Cache-Control': 'max-age=9', Expires: 'Thu, 01 Jan 2032 00:00:00 GMT', 'X-A': 'b' };
    await bench.route('/g', memory({ hide_cache_headers: true }));
    for (const expected of ['MISS', 'HIT']) {
      const answer = await bench.send('/g');
      expect([told(answer), answer.headers['x-a']]).toEqual([expected, ['b']]);
      expect(answer.headers).not.toHaveProperty('cache-control');
      expect(answer.headers).not.toHaveProperty('expires');
    }
  });

  it('keeps nothing that breaks off', async () => {
    await bench.route('/h', memory());
    bench.answer = (_, response) => {
      response.writeHead(200, { 'Content-Length': '100' }).write('half');
      setImmediate(() => response.destroy());
    };
    expect((await bench.send('/h')).body).toBe('half');
    bench.answer = (_, response) => response.end('whole');
    const answer = await bench.send('/h');
    expect([told(answer), answer.body]).toEqual(['MISS', 'whole']);
  });

  it('gives an answer again past the filters of the others', async () => {
    await bench.route('/i', {
      ...memory(),
      'response-rewrite': { filters: [{ regex: 'answer', replace: 'a' }] },
    });
    expect((await bench.send('/i')).body).toBe('a 1');
    const again = await bench.send('/i');
    expect([told(again), again.body]).toEqual(['HIT', 'a 1']);
  });

  it.each([
    [{ cache_strategy: 'disk' }, 'invalid or empty cache_zone for cache_strategy: disk'],
    [{ cache_zone: 'none' }, 'cache_zone none not found'],
    [{ cache_zone: 'disk_cache_one' }, 'invalid or empty cache_zone for cache_strategy: memory'],
    [{ cache_key: ['$request_method'] }, 'cache_key variable $request_method unsupported'],
    [
      { cache_method: ['PUT'] },
      'property "cache_method" validation failed: failed to validate item 1: matches none of the enum values',
    ],
    [{ no_cache: ['$request_type'] }, /^variable "request_type" is not available in this gateway; /],
    [{ cache_ttl: 0 }, 'property "cache_ttl" validation failed: expected 0 to be at least 1'],
    [
      { cache_strategy: undefined, cache_zone: undefined },
      /^cache_strategy "disk", which is the default, is not available in this gateway; APISIX has it/,
    ],
  ])('is refused with %j', async (more, message) => {
    const refusal = await bench.refusal(memory(more));
    if (typeof message === 'string') expect(refusal).toBe(message);
    else expect(refusal).toMatch(message);
  });
});

describe('proxy-cache that obeys Cache-Control', () => {
  let routes = 0;
  async function uri(plugins: object = {}): Promise<string> {
    const made = `/rfc-${routes++}`;
    await bench.route(made, { ...memory({ cache_control: true }), ...plugins });
    return made;
  }

  it.each([
    [{ 'Cache-Control': 'max-age=10' }, 'HIT'],
    [{ 'Cache-Control': ['max-age=0', 's-maxage="10"'] }, 'HIT'],
    [{ Expires: 'Fri, 20 Nov 2026 15:45:17 GMT' }, 'HIT'],
    [{}, 'MISS'],
    [{ 'Cache-Control': 'max-age=0' }, 'MISS'],
    [{ 'Cache-Control': 'max-age=10, s-maxage=0' }, 'MISS'],
    [{ 'Cache-Control': 'max-age=ten' }, 'MISS'],
    [{ 'Cache-Control': 'PRIVATE, max-age=10' }, 'MISS'],
    [{ 'Cache-Control': 'private="x-a", max-age=10' }, 'MISS'],
    [{ 'Cache-Control': 'no-store, max-age=10' }, 'MISS'],
    [{ 'Cache-Control': 'no-cache, max-age=10' }, 'MISS'],
    [{ 'Cache-Control': 'max-age=10', 'Set-Cookie': 'a=b' }, 'MISS'],
    [{ 'Cache-Control': 'max-age=10', Vary: 'Accept, *' }, 'MISS'],
    [{ Expires: '0' }, 'MISS'],
    [{ Expires: '2050' }, 'MISS'],
  ])('keeps what says %j: %s', async (given, expected) => {
    fields = given;
    const target = await uri();
    expect(await statuses([target], [target])).toEqual(['MISS', expected]);
  });

  it('lets the time pass that the answer says', async () => {
    fields = { 'Cache-Control': 'max-age=10' };
    const target = await uri();
    await bench.send(target);
    bench.now += 10_000;
    expect(await statuses([target])).toEqual(['HIT']);
    bench.now += 1;
    expect(await statuses([target], [target])).toEqual(['EXPIRED', 'HIT']);
  });

  it('does as the client says', async () => {
    fields = { 'Cache-Control': 'max-age=100' };
    const target = await uri();
    const saying = (text: string): [string, object] => [target, { headers: { 'Cache-Control': text } }];
    expect((await bench.send(target, { headers: { 'Cache-Control': 'only-if-cached' } })).status).toBe(504);
    await bench.send(target);
    bench.now += 20_000;
    expect(
      await statuses(
        saying('no-store'),
        saying('no-cache'),
        saying('max-age=20'),
        saying('min-fresh=80'),
        saying('only-if-cached'),
        saying('max-age=x'),
        saying('min-fresh=81'),
      ),
    ).toEqual(['BYPASS', 'BYPASS', 'HIT', 'HIT', 'HIT', 'HIT', 'STALE']);
  });

  it('gives nobody what was answered to one who had shown who they are, unless that is said', async () => {
    fields = { 'Cache-Control': 'max-age=10' };
    const target = await uri();
    const known: [string, object] = [target, { headers: { Authorization: 'Basic YTpi' } }];
    expect(await statuses(known, [target])).toEqual(['MISS', 'MISS']);
    await bench.put('/consumers/jack', { username: 'jack', plugins: { 'key-auth': { key: 'k' } } });
    const keyed = await uri({ 'key-auth': {} });
    const jack: [string, object] = [keyed, { headers: { apikey: 'k' } }];
    expect(await statuses(jack, jack)).toEqual(['MISS', 'MISS']);
    fields = { 'Cache-Control': 'public, max-age=10' };
    expect(await statuses(jack, jack)).toEqual(['MISS', 'HIT']);
    expect((await bench.send(keyed)).status).toBe(401);
  });

  it('chooses by what the answer varies by', async () => {
    fields = { 'Cache-Control': 'max-age=10', Vary: 'Accept-Language' };
    const target = await uri();
    const by = (language: string): [string, object] => [target, { headers: { 'Accept-Language': language } }];
    expect(await statuses(by('de'), by('de'), by('en'), by('en'), [target])).toEqual([
      'MISS',
      'HIT',
      'MISS',
      'HIT',
      'MISS',
    ]);
  });

  it('forgets what a request has changed', async () => {
    fields = { 'Cache-Control': 'max-age=10' };
    const target = await uri();
    await bench.send(target);
    status = 403;
    await bench.send(target, { method: 'DELETE' });
    expect(await statuses([target])).toEqual(['HIT']);
    status = 200;
    await bench.send(target, { method: 'DELETE' });
    expect(await statuses([target])).toEqual(['MISS']);
  });
});
