import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';
import type { RawAnswer } from '../support/raw.ts';

const bench = pluginBench();
let routes = 0;

/** What the client gets of the upstream's body, which comes in these pieces. */
async function filtered(
  filters: object[],
  pieces: (string | Buffer)[],
  headers: Record<string, string> = {},
  request: Parameters<typeof bench.send>[1] = {},
): Promise<RawAnswer> {
  const uri = `/filters-${routes++}`;
  await bench.route(uri, { 'response-rewrite': { filters } });
  bench.answer = (_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/plain', ...headers });
    for (const piece of pieces)
      response.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece);
    response.end();
  };
  return bench.send(uri, request);
}

describe("response-rewrite's filters", () => {
  it.each([
    ['the first match', [{ regex: 'o', replace: '0' }], ['foo boo'], 'f0o boo'],
    ['all matches', [{ regex: 'o', scope: 'global', replace: '0' }], ['foo boo'], 'f00 b00'],
    ['a match across pieces', [{ regex: 'foobar', replace: '-' }], ['a fo', 'o', 'bar b'], 'a - b'],
    [
      'by one filter after the other',
      [
        { regex: 'a', scope: 'global', replace: 'b' },
        { regex: 'b+', replace: '[$0]' },
      ],
      ['aab'],
      '[bbb]',
    ],
    [
      'by what was captured',
      [{ regex: '(\\w+)@(\\w+)', replace: '${2}1$$1@$1$3' }],
      ['me@home'],
      'home1$1@me',
    ],
    ['nothing where nothing matches', [{ regex: 'x', replace: 'y' }], ['abc'], 'abc'],
    ['by its flags', [{ regex: 'A.b', replace: 'x', options: 'ijos' }], ['a\nB'], 'x'],
    [
      'bytes as they are',
      [{ regex: 'ü', replace: 'ö$0' }],
      ['\xff\xc3\xbc\xfe\r\n\0'],
      '\xff\xc3\xb6\xc3\xbc\xfe\r\n\0',
    ],
    ['an empty body', [{ regex: '^$', replace: 'x' }], [], 'x'],
  ])('replace %s', async (_, filters, pieces, expected) => {
    expect((await filtered(filters, pieces)).body).toBe(expected);
  });

  it.each([
    ['gzip', gzipSync('secret words')],
    ['br', brotliCompressSync('secret words')],
  ])('read a body in %s, and send it without', async (coding, body) => {
    const answer = await filtered([{ regex: 'secret', replace: 'no' }], [body], {
      'Content-Encoding': coding,
      'Content-Length': String(body.length),
      ETag: '"1"',
      'Last-Modified': 'x',
    });
    expect(answer.body).toBe('no words');
    for (const name of ['content-encoding', 'content-length', 'etag', 'last-modified']) {
      expect(answer.headers, name).not.toHaveProperty(name);
    }
  });

  it('leave a body alone whose coding they cannot read, and say so', async () => {
    const body = deflateSync('secret words');
    const answer = await filtered([{ regex: 'secret', replace: 'no' }], [body], {
      'Content-Encoding': 'deflate',
    });
    expect(Buffer.from(answer.body, 'latin1')).toEqual(body);
    expect(answer.headers['content-encoding']).toEqual(['deflate']);
    expect(bench.gateway.logged.at(-1)?.message).toContain('cannot filter');
  });

  it('cut what is no gzip, and what is too long, rather than send what they have not read', async () => {
    const rule = [{ regex: 'secret', replace: 'no' }];
    const broken = await filtered(rule, ['secret'], { 'Content-Encoding': 'gzip' });
    expect(broken.body).toBe('');
    const bomb = await filtered(rule, [gzipSync(Buffer.alloc(5 << 20))], { 'Content-Encoding': 'gzip' });
    expect(bomb.body).toBe('');
    const long = 'secret'.repeat(1 << 20);
    expect((await filtered(rule, [long])).body).toBe('');
    expect(bench.gateway.logged.at(-1)?.message).toContain('longer');
    expect((await filtered(rule, [long], { 'Content-Length': String(long.length) })).status).toBe(500);
    expect((await filtered(rule, ['secret'])).body).toBe('no');
  });

  it('leave what was said of a body where there is none, but for its length', async () => {
    const answer = await filtered(
      [{ regex: 'a', replace: 'b' }],
      [],
      { 'Content-Length': '5', 'X-A': 'b' },
      { method: 'HEAD' },
    );
    expect([answer.status, answer.body, answer.headers['x-a']]).toEqual([200, '', ['b']]);
    expect(answer.headers).not.toHaveProperty('content-length');
  });

  it('work on what the gateway itself answers, and only where the condition holds', async () => {
    await bench.route('/own', {
      'key-auth': {},
      'response-rewrite': {
        vars: [['status', '==', 401]],
        filters: [{ regex: 'API key', replace: 'password' }],
      },
    });
    expect((await bench.send('/own')).body).toContain('Missing password in request');
    await bench.route('/other', {
      'response-rewrite': { vars: [['status', '==', 401]], filters: [{ regex: 'upstream', replace: '' }] },
    });
    bench.answer = (_, response) => response.end('upstream');
    const { body, headers } = await bench.send('/other');
    expect([body, headers['content-length']]).toEqual(['upstream', ['8']]);
  });

  it.each([
    [
      { body: 'test', filters: [{ regex: 'l', replace: 'm' }] },
      /^failed to validate dependent schema for "(body|filters)": value wasn't supposed to match schema$/,
    ],
    [{ filters: [] }, 'property "filters" validation failed: expect array to have at least 1 items'],
    [
      { filters: [{ regex: 'l' }] },
      'property "filters" validation failed: failed to validate item 1: property "replace" is required',
    ],
    [
      { filters: [{ regex: '', replace: 'm' }] },
      'property "filters" validation failed: failed to validate item 1: property "regex" validation failed: string too short, expected at least 1, got 0',
    ],
    [
      { filters: [{ regex: 'l', replace: 'm', scope: '' }] },
      'property "filters" validation failed: failed to validate item 1: property "scope" validation failed: matches none of the enum values',
    ],
    [
      { filters: [{ regex: 'hello', replace: 'HELLO', options: 'h' }] },
      'regex "hello" validation failed: unknown flag "h" (flags "h")',
    ],
    [
      { filters: [{ regex: 'a', replace: '', options: 'u' }] },
      /^regex "a" validation failed: the flag "u" of a regular expression is not available in this gateway/,
    ],
    [{ filters: [{ regex: '(a', replace: '' }] }, /^regex "\(a" validation failed: /],
    [
      { filters: [{ regex: 'a', replace: '$a' }] },
      'regex "a" validation failed: invalid capturing variable name found in the replacement',
    ],
    [
      { filters: [{ regex: 'a', replace: 'a$' }] },
      'regex "a" validation failed: invalid capturing variable name found in the replacement',
    ],
  ])('are refused in %j', async (configuration, message) => {
    const refusal = await bench.refusal({ 'response-rewrite': configuration });
    if (typeof message === 'string') expect(refusal).toBe(message);
    else expect(refusal).toMatch(message);
  });
});

describe('response-rewrite', () => {
  it.each([
    ['SGVsbG8=', 'Hello'],
    ['SGVsbG8', 'Hello'],
    ['+w==', '\xfb'],
    ['1', undefined],
    ['', undefined],
    ['a-b_', undefined],
  ])('decodes the body %j', async (body, expected) => {
    const configuration = { 'response-rewrite': { body, body_base64: true } };
    if (expected === undefined) {
      expect(await bench.refusal(configuration)).toBe('invalid base64 content');
      return;
    }
    await bench.route(`/base64/${body}`, configuration);
    expect((await bench.send(`/base64/${body}`)).body).toBe(expected);
  });

  it('has one Content-Type, whatever is added', async () => {
    await bench.route('/type', {
      'response-rewrite': { headers: { add: ['Content-Type: a/b', 'X-A: b', 'X-A: c'] } },
    });
    bench.answer = (_, response) => response.writeHead(200, { 'Content-Type': 'c/d' }).end();
    const { headers } = await bench.send('/type');
    expect([headers['content-type'], headers['x-a']]).toEqual([['a/b'], ['b', 'c']]);
  });

  it('tells the length of the body that it puts in the place of another, also to a HEAD', async () => {
    await bench.route('/body', { 'response-rewrite': { body: 'größe', status_code: 201 } });
    const answer = await bench.send('/body');
    expect([
      answer.status,
      answer.headers['content-length'],
      Buffer.from(answer.body, 'latin1').toString(),
    ]).toEqual([201, ['7'], 'größe']);
    const head = await bench.send('/body', { method: 'HEAD' });
    expect([head.headers['content-length'], head.body]).toEqual([['7'], '']);
  });
});

describe("response-rewrite's headers", () => {
  it.each([
    ['an upstream that answers', {}, 200],
    ['an upstream that is down', { upstream: { nodes: { '127.0.0.1:1': 1 } } }, 502],
  ])('hold what a client has sent as bytes, and no more than one line of it: %s', async (_name, more, status) => {
    const uri = `/headers-${routes++}`;
    const headers = {
      set: { 'X-Set': 'ü-$arg_q', 'X-Gone': '' },
      add: ['X-Add: $arg_q'],
      remove: ['Content-Type'],
    };
    await bench.route(uri, { 'response-rewrite': { headers } }, more);
    bench.answer = (_request, response) => response.setHeader('X-Gone', 'own').end();
    const answer = await bench.send(`${uri}?q=%E4%B8%AD%FF%0D%0ASet-Cookie:a`);
    expect([answer.status, answer.headers['x-set'], answer.headers['x-add']]).toEqual([
      status,
      ['\xc3\xbc-\xe4\xb8\xad\xff%0D%0ASet-Cookie:a'],
      ['\xe4\xb8\xad\xff%0D%0ASet-Cookie:a'],
    ]);
    const gone = ['x-gone', 'content-type', 'set-cookie'].map((name) => answer.headers[name]);
    expect(gone).toEqual([undefined, undefined, undefined]);
  });

  it.each([
    [{ 'X-A\r\n': 'b' }, 'invalid field character in header'],
    [{ set: { 'X-A': 'b\nX-C: d' } }, 'invalid value character in header'],
    [{ remove: ['X A'] }, 'invalid field character in header'],
    [{ '': 'b' }, 'invalid field length in header'],
  ])('%j are refused', async (headers, message) => {
    expect(await bench.refusal({ 'response-rewrite': { headers } })).toBe(message);
  });
});
