import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { isReady } from '../../../src/runtimes/processes/ready-check.ts';
import { freePorts } from '../../support/ports.ts';

async function answering(status: number): Promise<number> {
  const server = createServer((_, response) => response.writeHead(status).end()).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  return (server.address() as AddressInfo).port;
}

test.each([
  [200, undefined, true],
  [204, undefined, true],
  [404, undefined, false],
  [404, [404], true],
  [200, [204], false],
])('a path that answers %i, where %j are well: %s', async (status, well, ready) => {
  const url = `http://127.0.0.1:${await answering(status)}/ready`;
  expect(await isReady({ url, ...(well === undefined ? {} : { well }) })).toBe(ready);
});

test('a port that takes connections, and one that nobody holds', async () => {
  const [free = 0] = await freePorts(1);
  expect(await isReady({ port: await answering(500) })).toBe(true);
  expect(await isReady({ port: free })).toBe(false);
});

test('what nobody can ask is ready when it has lived for a while', async () => {
  const before = performance.now();
  expect(await isReady({ livesMs: 50 })).toBe(true);
  expect(performance.now() - before).toBeGreaterThan(45);
});
