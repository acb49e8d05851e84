import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { converse, statusesIn } from '../support/raw.ts';
import { type RawConnection, type RawUpstream, startRawUpstream } from '../support/raw-upstream.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const UPGRADE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\nSec-WebSocket-Version: 13\r\n';
const CLOSE = 'Connection: close\r\n';

describe('the relay', () => {
  let gateway: TestGateway;
  let upstream: RawUpstream;
  /** What the upstream does with a segment; set by each test. */
  let answer: (connection: RawConnection, segment: string) => void;

  beforeAll(async () => {
    gateway = await startTestGateway();
    upstream = await startRawUpstream((connection, segment) => answer(connection, segment));
    const to = { nodes: { [upstream.address]: 1 }, timeout: { connect: 1, send: 1, read: 0.3 } };
    const put = async (id: string, value: object) => {
      const put = await gateway.admin('PUT', `/routes/${id}`, { upstream: to, ...value });
      expect(put.status, put.body).toBeLessThan(300);
    };
    await put('all', { uri: '/*' });
    await put('ws', {
      uri: '/ws/*',
      enable_websocket: true,
      plugins: {
        'request-id': {},
        'response-rewrite': { headers: { set: { 'X-Filtered': 'yes' } } },
        'limit-count': { count: 1_000, time_window: 60, rejected_code: 429 },
        'proxy-rewrite': { headers: { set: { 'X-Role': 'guest' } } },
      },
    });
    await put('guarded', { uri: '/guarded', plugins: { 'key-auth': {} } });
  });
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });
  beforeEach(() => {
    upstream.clear();
    answer = ({ socket }, segment) => socket.write(segment.startsWith('GET /slow') ? '' : OK);
  });

  const talk = (pieces: string | string[], whole?: (received: string) => boolean) =>
    converse(gateway.port, pieces, whole);
  const answers = (count: number) => (received: string) =>
    statusesIn(received).filter((status) => status >= 200).length === count &&
    /(ok|\r\n\r\n|<\/html>\r\n)$/.test(received);
  const get = (path: string, fields = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`;
  /** The request lines that the upstream got. */
  const asked = () => upstream.received.match(/^[A-Z]+ \S+ HTTP\/1\.1(?=\r\n)/gm) ?? [];

  /** The upstream waits a moment with `/slow`, so that what comes behind it lies there already. */
  const slowly = () => {
    answer = ({ socket }, segment) => {
      setTimeout(() => socket.write(OK), segment.startsWith('GET /slow') ? 40 : 0);
    };
  };

  describe('serves the requests of a connection one after the other', () => {
    it.each([
      ['a malformed one', 'BAD\0\r\n\r\n', 400],
      ['CONNECT', 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n', 405],
      ['a field that is none', 'GET /b HTTP/1.1\r\nHost: x\r\nX : y\r\n\r\n', 400],
    ])('%s is refused in its turn, behind a whole answer', async (_name, second, status) => {
      slowly();
      const received = await talk(get('/slow') + second);
      expect(statusesIn(received)).toEqual([200, status]);
      expect(received).toMatch(/\r\n\r\nokHTTP\/1\.1 /);
      expect(asked()).toEqual(['GET /slow HTTP/1.1']);
    });

    it('an upgrade behind another request waits for its turn', async () => {
      slowly();
      expect(statusesIn(await talk(get('/slow') + get('/ws/a', UPGRADE), answers(2)))).toEqual([200, 200]);
    });

    it('one byte too many behind the last request costs no answer', async () => {
      slowly();
      expect(statusesIn(await talk(`${get('/slow', CLOSE)}x`))).toEqual([200]);
    });

    it('an unsafe request goes up when the one before it is answered', async () => {
      const order: string[] = [];
      answer = ({ socket }, segment) => {
        order.push(segment.slice(0, segment.indexOf(' ')));
        setTimeout(() => {
          order.push('answered');
          socket.write(OK);
        }, 10);
      };
      const post = 'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na';
      await talk(`${post}DELETE /b HTTP/1.1\r\nHost: x\r\n\r\n`, answers(2));
      expect(order).toEqual(['POST', 'answered', 'DELETE', 'answered']);
    });

    it('thousands of them in one segment, answered at once', async () => {
      const received = await talk(get('/guarded').repeat(3_000), (all) => statusesIn(all).length === 3_000);
      expect(new Set(statusesIn(received))).toEqual(new Set([401]));
    });

    it('a client that has closed its side is gone', async () => {
      let closed = false;
      answer = ({ socket }) => socket.once('close', () => (closed = true));
      const socket = connect(gateway.port, '127.0.0.1', () => socket.end(get('/slow')));
      await expect.poll(() => closed).toBe(true);
    });
  });

  describe('passes bodies on whole', () => {
    const post = (fields: string, body: string) => `POST /b HTTP/1.1\r\nHost: x\r\n${fields}\r\n${body}`;

    // A route that lets nobody upgrade serves the request as one that did not ask (RFC 9110, 7.8).
    it.each([
      ['a length', 'Content-Length: 5\r\n', 'hello'],
      ['chunks', 'Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\n\r\n'],
    ])('with Upgrade and %s', async (_name, framing, body) => {
      const fields = `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAE\r\n${framing}`;
      expect(statusesIn(await talk(post(fields, body), answers(1)))).toEqual([200]);
      expect(upstream.received).toMatch(new RegExp(`\r\n\r\n${body}$`));
      expect(upstream.received).not.toMatch(/upgrade|http2-settings/i);
    });

    it('in whatever segments they come', async () => {
      answer = ({ socket, received }) => received.endsWith('0\r\n\r\n') && socket.write(OK);
      await talk([...post('Transfer-Encoding: chunked\r\n', '3\r\nxyz\r\n2\r\nuv\r\n0\r\n\r\n')], answers(1));
      const body = upstream.received.slice(upstream.received.indexOf('\r\n\r\n') + 4);
      expect(body.replace(/[0-9a-f]+\r\n|\r\n/g, '')).toBe('xyzuv');
    });

    it('and refuses one whose chunks are broken, before or after the upstream had some of it', async () => {
      expect(statusesIn(await talk(post('Transfer-Encoding: chunked\r\n', 'zz\r\n')))).toEqual([400]);
      answer = () => {};
      const socket = connect(gateway.port, '127.0.0.1');
      let received = '';
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        received += chunk;
      });
      socket.write(post('Transfer-Encoding: chunked\r\n', '3\r\nabc\r\n'));
      await expect.poll(() => upstream.received).toContain('abc');
      socket.write('zz\r\n');
      await once(socket, 'end');
      expect(statusesIn(received)).toEqual([400]);
      await expect.poll(() => upstream.connections.at(-1)?.socket.destroyed).toBe(true);
    });

    it('tells the client to go on when the upstream is there, once', async () => {
      const fields = 'Expect: 100-continue\r\nContent-Length: 5\r\n';
      const received = await talk([post(fields, ''), '', '', 'hello'], answers(1));
      expect(statusesIn(received)).toEqual([100, 200]);
      expect(upstream.received).not.toMatch(/expect/i);
    });

    it('never tells a client of HTTP/1.0 to go on', async () => {
      const received = await talk(
        'POST /b HTTP/1.0\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello',
      );
      expect(statusesIn(received)).toEqual([200]);
    });

    it('closes after a refusal that the client has not waited for: what follows may be a body, or not', async () => {
      const refused =
        'POST /guarded HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n';
      expect(statusesIn(await talk(refused))).toEqual([401]);
      expect(upstream.received).toBe('');
    });

    it('drops what nobody wants of one, and serves the next request', async () => {
      const inner = get('/inner');
      const refused = `POST /guarded HTTP/1.1\r\nHost: x\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`;
      expect(statusesIn(await talk(refused + get('/next'), answers(2)))).toEqual([401, 200]);
      expect(asked()).toEqual(['GET /next HTTP/1.1']);
    });
  });

  describe('hands on what the client said, and what it vouches for itself', () => {
    const fieldsOf = (name: string) =>
      [...upstream.received.matchAll(new RegExp(`^${name}: (.*)\r$`, 'gim'))].map((each) => each[1]);

    it('a name in Connection takes away the client’s own field only', async () => {
      const named =
        'Connection: close, X-Request-Id, X-Role, X-Own, X-Real-IP\r\nX-Own: 1\r\nX-Request-Id: mine\r\n';
      await talk(get('/ws/a', named));
      expect(fieldsOf('X-Own')).toEqual([]);
      expect(fieldsOf('X-Role')).toEqual(['guest']);
      expect(fieldsOf('X-Real-IP')).toEqual(['127.0.0.1']);
      expect(fieldsOf('X-Request-Id')).toHaveLength(1);
      expect(fieldsOf('X-Request-Id')).not.toEqual(['mine']);
    });

    it('X-Forwarded-For keeps its order', async () => {
      await talk(get('/a', `${CLOSE}X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2\r\n`));
      expect(fieldsOf('X-Forwarded-For')).toEqual(['1.1.1.1, 2.2.2.2, 127.0.0.1']);
    });

    it('what clients say of themselves in the gateway’s words is gone', async () => {
      await talk(
        get('/a', `${CLOSE}X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Port: 1\r\n`),
      );
      expect([fieldsOf('X-Forwarded-Proto'), fieldsOf('X-Forwarded-Host')]).toEqual([['http'], ['x']]);
      expect(fieldsOf('X-Forwarded-Port')).toEqual([String(gateway.port)]);
    });

    it('in no spelling that an upstream may take for them; who was there before stays in X-Forwarded-For', async () => {
      const fields = 'X_Real_IP: 6.6.6.6\r\nx-forwarded_proto: https\r\nX.Forwarded.Host: evil\r\n';
      await talk(get('/a', `${CLOSE}${fields}X_Forwarded_For: 6.6.6.6\r\nX-Forwarded-For: 1.1.1.1\r\n`));
      expect(upstream.received).not.toMatch(/6\.6\.6\.6|https|evil/);
      expect(fieldsOf('X-Forwarded-For')).toEqual(['1.1.1.1, 127.0.0.1']);
    });

    it('bytes stay bytes, in the target and in fields', async () => {
      await talk(get('/caf\xe9/%C4%E3?q=\xff', `${CLOSE}X-A: \xe4\xb8\xad\xff\r\n`));
      expect(asked()).toEqual(['GET /caf\xe9/%C4%E3?q=\xff HTTP/1.1']);
      expect(fieldsOf('X-A')).toEqual(['\xe4\xb8\xad\xff']);
    });

    it('the authority of an absolute target is the host', async () => {
      await talk(get('http://other:81/a', CLOSE));
      expect(fieldsOf('Host')).toEqual(['other:81']);
      expect(asked()).toEqual(['GET /a HTTP/1.1']);
    });

    it.each([
      ['two Host fields', 'GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n'],
      ['a thousand and one fields', `GET /a HTTP/1.1\r\n${'a:\r\n'.repeat(1_001)}Host: x\r\n\r\n`],
      ['a NUL in the path', get('/a%00b')],
      ['a path above the root', get('/../a')],
    ])('%s: 400, counted with the reason', async (_name, request) => {
      expect(statusesIn(await talk(request))).toEqual([400]);
      expect(upstream.received).toBe('');
      const metrics = await fetch(`http://127.0.0.1:${gateway.adminPort}/apisix/prometheus/metrics`);
      expect(await metrics.text()).toMatch(/qbtc_gateway_refused_requests_total\{reason="\w/);
    });

    it('a fragment is neither matched nor passed on', async () => {
      expect(statusesIn(await talk(get('/guarded#/../../open', CLOSE)))).toEqual([401]);
      await talk(get('/a#b', CLOSE));
      expect(asked()).toEqual(['GET /a HTTP/1.1']);
    });
  });

  describe('goes on in another protocol', () => {
    const SWITCH =
      'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: a\r\n\r\n';

    it('past the same filters as any answer, and then byte by byte', async () => {
      answer = ({ socket, received }, segment) =>
        socket.write(received === segment ? `${SWITCH}hello` : `<${segment}>`);
      const received = await talk([get('/ws/a', UPGRADE), 'ping'], (all) => all.endsWith('<ping>'));
      const [head = '', body] = received.split('\r\n\r\n');
      expect(head).toMatch(/^HTTP\/1\.1 101 /);
      for (const field of [
        'Connection: Upgrade',
        'Upgrade: websocket',
        'X-Filtered: yes',
        'Sec-WebSocket-Accept: a',
      ])
        expect(head).toContain(field);
      expect(head).toMatch(/X-Request-Id: \S+/);
      expect(head).toMatch(/X-RateLimit-Remaining: \d+/);
      expect(body).toBe('hello<ping>');
      expect(upstream.received).toMatch(/\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n/);
    });

    it('only in the one that was asked for', async () => {
      await talk(get('/ws/a', `Connection: Upgrade, close\r\nUpgrade: h2c\r\n`));
      expect(upstream.received).not.toMatch(/upgrade/i);
      answer = ({ socket }) => socket.write(SWITCH.replace('Upgrade: websocket', 'Upgrade: h2c'));
      expect(statusesIn(await talk(get('/ws/a', UPGRADE), answers(1)))).toEqual([500]);
      answer = ({ socket }) => socket.write(SWITCH);
      expect(statusesIn(await talk(get('/a', CLOSE)))).toEqual([502]);
    });

    it('or answers as always: an ordinary answer that breaks off is cut, one that is no HTTP is a 502', async () => {
      answer = ({ socket }) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
        setTimeout(() => socket.destroy(), 10);
      };
      expect(await talk(get('/ws/a', UPGRADE))).toMatch(/abc$/);
      answer = ({ socket }) => socket.write('HTTP/1.1 099 Low\r\n\r\n');
      expect(statusesIn(await talk(get('/ws/a', UPGRADE), answers(1)))).toEqual([502]);
    });

    it('and survives a client that resets its connection while it waits', async () => {
      answer = () => {};
      const socket = connect(gateway.port, '127.0.0.1', () => socket.write(get('/ws/a', UPGRADE)));
      socket.on('error', () => {});
      await expect.poll(() => upstream.received).toContain('websocket');
      socket.resetAndDestroy();
      await expect.poll(() => upstream.connections.at(-1)?.socket.destroyed).toBe(true);
    });
  });

  describe('passes answers on as they came', () => {
    const answered = async (text: string | string[], request = get('/a')) => {
      answer = ({ socket }) => {
        for (const piece of [text].flat()) socket.write(piece, 'latin1');
      };
      return talk(request, answers(1));
    };

    it.each([
      [
        'a phrase of any bytes',
        'HTTP/1.1 404 Nicht m\xf6glich \xe4\xb8\x8d\r\nContent-Length: 2\r\n\r\nok',
        /^HTTP\/1\.1 404 Nicht m\xf6glich \xe4\xb8\x8d\r\n/,
      ],
      [
        'an early hint before it',
        `HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n${OK}`,
        /^HTTP\/1\.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP\/1\.1 200 OK\r\n/,
      ],
      ['a 100 that nobody asked for', `HTTP/1.1 100 Continue\r\n\r\n${OK}`, /^HTTP\/1\.1 200 OK\r\n/],
      [
        'two Connection fields',
        'HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop\r\nConnection: Y-Hop\r\nX-Hop: 1\r\nY-Hop: 1\r\nX-End: 1\r\nContent-Length: 2\r\n\r\nok',
        /^HTTP\/1\.1 200 OK\r\nX-End: 1\r\nServer/,
      ],
      [
        'two Set-Cookie fields',
        'HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok',
        /Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n/,
      ],
    ])('with %s', async (_name, text, expected) => {
      const received = await answered(text);
      expect(received).toMatch(expected);
      expect(received).toMatch(/\r\n\r\nok$/);
    });

    it.each([
      ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\nokoko'],
      [
        'a length and chunks',
        'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
      ],
      ['another coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
      ['a folded field', 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok'],
      ['a NUL', 'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nok'],
      ['a line end without CR', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'],
      ['a status of four digits', 'HTTP/1.1 2000 Hi\r\nContent-Length: 2\r\n\r\nok'],
      ['no head', 'hello world'],
      ['a 101 that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo\r\n\r\n'],
      ['interim answers without end', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100) + OK],
    ])('or 502: %s', async (_name, text) => {
      expect(statusesIn(await answered(text)).filter((status) => status >= 200)).toEqual([502]);
    });

    it('with the end of the connection as that of the body, where it says no other', async () => {
      answer = ({ socket }) => socket.end('HTTP/1.1 200 OK\r\n\r\nok');
      expect(await talk(get('/a'), (all) => all.endsWith('0\r\n\r\n'))).toMatch(
        /chunked\r\n.*\r\n.*\r\n\r\n2\r\nok\r\n0\r\n\r\n$/,
      );
      expect(await talk('GET /a HTTP/1.0\r\nHost: x\r\n\r\n')).toMatch(/Connection: close\r\n\r\nok$/);
    });

    it('with trailers for a client that takes them, but never what frames a message', async () => {
      const text =
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\nContent-Length: 9\r\n\r\n';
      answer = ({ socket }) => socket.write(text);
      expect(await talk(get('/a', `${CLOSE}TE: trailers\r\n`))).toMatch(/ok\r\n0\r\nX-T: 1\r\n\r\n$/);
      expect(await talk(get('/a', CLOSE))).toMatch(/ok\r\n0\r\n\r\n$/);
    });

    it.each([
      ['a length that does not come', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'],
      ['chunks without their end', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'],
      ['a chunk that is none', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n'],
    ])('and cuts one that breaks off: %s', async (_name, text) => {
      answer = ({ socket }) => socket.end(text);
      const received = await talk(get('/a'));
      expect(received).toMatch(/abc(\r\n)?$/);
    });

    it('and takes nothing that comes behind an answer for the next one', async () => {
      for (const behind of ['HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison', 'x']) {
        await answered(OK + behind);
        answer = ({ socket }) => socket.write(OK);
        expect(await talk(get('/next'), answers(1))).toMatch(/\r\n\r\nok$/);
      }
      await answered('HTTP/1.1 204 No Content\r\nContent-Length: 6\r\n\r\npoison');
      answer = ({ socket }) => socket.write(OK);
      expect(await talk(get('/next'), answers(1))).toMatch(/\r\n\r\nok$/);
    });
  });

  it('does not use a connection that the node closed, or that was silent for long', async () => {
    answer = ({ socket }) => socket.write(OK);
    await talk(get('/a'), answers(1));
    await sleep(350);
    expect(statusesIn(await talk(get('/a'), answers(1)))).toEqual([200]);
    upstream.connections.at(-1)?.socket.end();
    await sleep(20);
    expect(statusesIn(await talk(get('/a'), answers(1)))).toEqual([200]);
  });

  it('is still there after all of that, and has reported no error of its own but one', async () => {
    expect(statusesIn(await talk(get('/a'), answers(1)))).toEqual([200]);
    expect(gateway.logged.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual([
      'a request failed in the gateway: the upstream goes on in a protocol that nobody asked for',
    ]);
  });
});
