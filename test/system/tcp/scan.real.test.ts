import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createTcp } from '../../../src/system/tcp/index.ts';
import { CHECKOUT } from '../../support/qbtc.ts';

const tcp = createTcp(CHECKOUT);
const all = { first: 1, last: 65_535 };

test('all ports are shared among the cores, counted to the end, and found', async () => {
  const server = createServer((socket) => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  let last = 0;
  const open = await tcp.scan('127.0.0.1', all, {
    timeoutMs: 1000,
    signal: new AbortController().signal,
    onProgress(scanned) {
      expect(scanned).toBeGreaterThanOrEqual(last);
      last = scanned;
    },
  });
  expect(open).toContain((server.address() as { port: number }).port);
  expect(open).toEqual([...open].sort((a, b) => a - b));
  expect(last).toBe(65_535);
});

test('and can be interrupted', async () => {
  const interruption = new AbortController();
  const scanning = tcp.scan('127.0.0.1', all, { timeoutMs: 1000, signal: interruption.signal });
  setTimeout(() => interruption.abort(new Error('enough')), 100);
  await expect(scanning).rejects.toThrow('enough');
});
