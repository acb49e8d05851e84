import { EventEmitter, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();
const limit = (more: object = {}) => ({
  'limit-conn': { conn: 1, burst: 0, default_conn_delay: 0.05, key: 'remote_addr', ...more },
});

/** Answers that the upstream has not given yet. */
const held: ServerResponse[] = [];
const arrived = new EventEmitter();
const answerAtOnce = bench.answer;

function holdAnswers(): void {
  bench.answer = (_, response) => {
    held.push(response);
    arrived.emit('request');
  };
}

async function heldRequest(target: string): Promise<{ done: ReturnType<typeof bench.send> }> {
  const coming = once(arrived, 'request');
  const done = bench.send(target);
  await coming;
  return { done };
}

function answerAll(): void {
  bench.answer = answerAtOnce;
  for (const response of held.splice(0)) response.end('upstream');
}

afterEach(answerAll);

describe('limit-conn', () => {
  it('refuses more at once than it says, and takes the next when one is through', async () => {
    await bench.route('/a', limit({ rejected_code: 429, rejected_msg: 'full' }));
    holdAnswers();
    const first = await heldRequest('/a');
    const refused = await bench.send('/a');
    expect([refused.status, refused.body]).toEqual([429, '{"error_msg":"full"}\n']);
    answerAll();
    expect((await first.done).status).toBe(200);
    expect((await bench.send('/a')).status).toBe(200);
  });

  it.each([
    ['the client goes away while the upstream works', 'destroy'],
    ['the client goes away before its body is whole', 'half'],
  ])('gives the place back when %s', async (_, how) => {
    const uri = `/gone/${how}`;
    await bench.route(uri, limit());
    holdAnswers();
    const socket = connect(bench.gateway.port, '127.0.0.1');
    const head = `POST ${uri} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n`;
    socket.write(how === 'half' ? `${head}12345` : `${head}1234567890`);
    if (how === 'destroy') await once(arrived, 'request');
    else await expect.poll(async () => (await bench.send(uri)).status, { interval: 1 }).toBe(503);
    socket.destroy();
    answerAll();
    await expect.poll(async () => (await bench.send(uri)).status, { interval: 1 }).toBe(200);
  });

  it('gives the place back when a later plugin refuses, and when the upstream is down', async () => {
    await bench.route('/later', { ...limit(), 'limit-count': { count: 1, time_window: 60 } });
    await bench.route('/down', limit(), { upstream: { nodes: { '127.0.0.1:1': 1 } } });
    const statuses: number[] = [];
    for (const uri of ['/later', '/later', '/later', '/down', '/down']) {
      statuses.push((await bench.send(uri)).status);
    }
    expect(statuses).toEqual([200, 503, 503, 502, 502]);
  });

  it('gives the place back when the filter that it runs under does not hold any more', async () => {
    await bench.route('/filtered', {
      ...limit({ _meta: { filter: [['http_x_once', '==', 'yes']] } }),
      'proxy-rewrite': { headers: { set: { 'X-Once': 'no' } } },
    });
    const statuses: number[] = [];
    for (let i = 0; i < 3; i++) {
      statuses.push((await bench.send('/filtered', { headers: { 'X-Once': 'yes' } })).status);
    }
    expect(statuses).toEqual([200, 200, 200]);
  });

  it('lets what is above wait as long as it is told to', async () => {
    await bench.route('/delayed', limit({ burst: 1, only_use_default_delay: true }));
    holdAnswers();
    const first = await heldRequest('/delayed');
    const begun = performance.now();
    const second = await heldRequest('/delayed');
    expect(performance.now() - begun).toBeGreaterThan(48);
    expect((await bench.send('/delayed')).status).toBe(503);
    answerAll();
    expect([(await first.done).status, (await second.done).status]).toEqual([200, 200]);
  });

  it('answers 500 while its Redis is away, or lets pass where that is allowed', async () => {
    const away = { policy: 'redis', redis_host: '127.0.0.1', redis_port: 1 };
    await bench.route('/away', limit(away));
    await bench.route('/passing', limit({ ...away, allow_degradation: true }));
    expect((await bench.send('/away')).status).toBe(500);
    expect((await bench.send('/passing')).status).toBe(200);
  });

  it.each([
    [{ conn: 0 }, 'property "conn" validation failed: expected 0 to be greater than 0'],
    [{ burst: -1 }, 'property "burst" validation failed: expected -1 to be at least 0'],
    [{ key: undefined }, 'property "key" is required'],
    [
      { default_conn_delay: 0 },
      'property "default_conn_delay" validation failed: expected 0 to be greater than 0',
    ],
    [{ policy: 'redis-cluster' }, 'else clause did not match'],
  ])('is refused with %j', async (more, message) => {
    expect(await bench.refusal(limit(more))).toBe(message);
  });
});
