import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway } from '../support/gateway.ts';
import { exchange } from '../support/http.ts';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qbtc-file-logger-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The entries of a file, once there are so many. */
async function entries(path: string, count: number): Promise<Record<string, unknown>[]> {
  const lines = async () => (await readFile(path, 'utf8').catch(() => '')).split('\n').slice(0, -1);
  await expect.poll(async () => (await lines()).length, { interval: 2 }).toBe(count);
  return (await lines()).map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('file-logger', () => {
  it('writes a line for each request that matches, with its bodies', async () => {
    const path = join(folder, 'one.log');
    await bench.route('/a', {
      'file-logger': {
        path,
        include_req_body: true,
        include_resp_body: true,
        match: [[['arg_x', '==', '1']]],
      },
    });
    for (const query of ['?x=1', '?x=2', '?x=1'])
      await bench.send(`/a${query}`, { method: 'POST', body: 'asked' });
    for (const entry of await entries(path, 2)) {
      expect(entry).toMatchObject({
        request: { uri: '/a?x=1', body: 'asked' },
        response: { status: 200, body: 'upstream' },
      });
    }
  });

  it('writes the format that is configured, and that of several routes into one file', async () => {
    const path = join(folder, 'two.log');
    const log_format = { host: '$host', what: 'a line', said: '$resp_body' };
    await bench.put('/routes/b1', { uri: '/b1', plugins: { 'file-logger': { path, log_format } } });
    await bench.put('/routes/b2', { uri: '/b2', plugins: { 'file-logger': { path, log_format } } });
    await bench.send('/b1');
    await bench.send('/b2', { headers: { Host: 'other.test:80' } });
    expect(await entries(path, 2)).toEqual([
      { host: 'gateway.test', what: 'a line', route_id: 'b1' },
      { host: 'other.test', what: 'a line', route_id: 'b2' },
    ]);
  });

  it('says what it cannot write, and goes on when it can again', async () => {
    const path = join(folder, 'none', 'three.log');
    await bench.route('/c', { 'file-logger': { path } });
    expect((await bench.send('/c')).status).toBe(200);
    await expect
      .poll(() => bench.gateway.logged.at(-1)?.message, { interval: 1 })
      .toMatch(/^lines of file-logger lost: 1 \(ENOENT/);
    expect((await bench.send('/c')).status).toBe(200);
  });

  it('has written everything when the gateway has closed', async () => {
    const path = join(folder, 'four.log');
    const gateway = await startTestGateway();
    await gateway.admin('PUT', '/routes/1', {
      uri: '/',
      plugins: { 'file-logger': { path, log_format: { a: 'b' } } },
    });
    await Promise.all(Array.from({ length: 20 }, () => exchange(`${gateway.proxyUrl}/`)));
    await gateway.close();
    expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(21);
  });

  it.each([
    [{}, 'property "path" is required'],
    [{ path: 'x', match: [[['a', '<>', 1]]] }, /^failed to validate the 'match' expression: /],
    [
      { path: 'x', include_resp_body_expr: [] },
      'property "include_resp_body_expr" validation failed: expect array to have at least 1 items',
    ],
  ])('is refused with %j', async (configuration, message) => {
    const refusal = await bench.refusal({ 'file-logger': configuration });
    if (typeof message === 'string') expect(refusal).toBe(message);
    else expect(refusal).toMatch(message);
  });
});
