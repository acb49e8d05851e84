import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createTcp } from '../../../src/system/tcp/index.ts';

const tcp = createTcp('/nowhere');

const signal = new AbortController().signal;

async function listen(): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}

test('a scan finds what listens, among the ephemeral ports too, and nobody who is not there', async () => {
  const port = await listen();
  const range = { first: port - 500, last: port + 500 };
  const seen: number[] = [];
  const open = await tcp.scan('127.0.0.1', range, {
    timeoutMs: 1000,
    signal,
    onProgress: (count) => seen.push(count),
  });
  expect(open).toContain(port);
  // What else listens there comes and goes with other tests.
  expect(open.every((found) => found >= range.first && found <= range.last)).toBe(true);
  expect(seen).toEqual([1000, 1001]);
});

test('a scan can be interrupted', async () => {
  const interruption = new AbortController();
  const scanning = tcp.scan(
    '127.0.0.1',
    { first: 1, last: 65_535 },
    { timeoutMs: 1000, signal: interruption.signal },
  );
  interruption.abort(new Error('enough'));
  await expect(scanning).rejects.toThrow('enough');
});
