import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ProxyTreatment, startChaosProxy } from '../../src/embedded/chaos-proxy/proxy.ts';

let echo: Server;
const ends: (() => Promise<void>)[] = [];

beforeEach(async () => {
  echo = createServer((socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  echo.close();
});

async function through(treatment: ProxyTreatment, random = () => 0.5): Promise<Socket> {
  const to = { host: '127.0.0.1', port: (echo.address() as { port: number }).port };
  const proxy = await startChaosProxy({ host: '127.0.0.1', port: 0, to, ...treatment }, () => {}, random);
  const socket = connect(proxy.port, '127.0.0.1');
  socket.on('error', () => {});
  ends.push(async () => {
    socket.destroy();
    await proxy.close();
  });
  return socket;
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

test('carries every byte in order, to the end', async () => {
  const socket = await through({ latencyMs: 5, jitterMs: 4 }, Math.random);
  const sent = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251));
  socket.end(sent);
  expect(Buffer.compare(await buffer(socket), sent)).toBe(0);
});

test('delays in each direction', async () => {
  const socket = await through({ latencyMs: 60 });
  await once(socket, 'connect');
  const begun = performance.now();
  socket.write('hello');
  await once(socket, 'data');
  expect(performance.now() - begun).toBeGreaterThanOrEqual(115);
});

test('carries no more than its width', async () => {
  const socket = await through({ bytesPerSecond: 100_000 });
  const begun = performance.now();
  socket.end(Buffer.alloc(20_000));
  await buffer(socket);
  // There and back, one after the other or side by side.
  expect(performance.now() - begun).toBeGreaterThanOrEqual(195);
});

test('what is lost arrives after a retransmission', async () => {
  const socket = await through({ loss: 1 });
  await once(socket, 'connect');
  const begun = performance.now();
  socket.write('hello');
  await once(socket, 'data');
  expect(performance.now() - begun).toBeGreaterThanOrEqual(390);
});

test('resets what it is told to reset, and all when it is cut', async () => {
  const reset = await through({ reset: 1 });
  await once(reset, 'connect');
  reset.write('hello');
  await closed(reset);
  const cut = await through({ refuse: true });
  await closed(cut);
  expect([reset.destroyed, cut.destroyed]).toEqual([true, true]);
});

test('ends with open connections', async () => {
  const socket = await through({});
  await once(socket, 'connect');
  for (const end of ends.splice(0)) await end();
  expect(socket.destroyed).toBe(true);
});
