import { createServer as createHttp } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { askGrpcHealth, servingStatus } from '../../src/health/grpc-health.ts';
import { GrpcStatus, grpcServer, type Says } from '../support/grpc-server.ts';
import { freePorts } from '../support/ports.ts';

const TIMEOUT_MS = 5_000;

async function asked(service: string, says?: (service: string) => Says, timeoutMs = TIMEOUT_MS) {
  const server = await grpcServer(says);
  onTestFinished(() => server.close());
  return askGrpcHealth(`http://127.0.0.1:${server.port}`, service, timeoutMs);
}

const LONG = `shop.${'x'.repeat(300)}`;

test.each([
  ['', { kind: 'serving' }],
  ['shop.Orders', { kind: 'serving' }],
  ['shop.Away', { kind: 'status', status: 'NOT_SERVING' }],
  ['shop.Unsaid', { kind: 'status', status: 'UNKNOWN' }],
  [LONG, { kind: 'serving' }],
  ['shop.Örders', { kind: 'refused', code: 'NOT_FOUND', message: 'no shop.Örders here' }],
])('a server says of its service "%s" how it is', async (service, expected) => {
  // A name of more than 127 bytes has a length of two.
  const known: Record<string, number> = { '': 1, 'shop.Orders': 1, 'shop.Away': 2, 'shop.Unsaid': 0 };
  const answer = await asked(service, (name) => {
    const serving = name.endsWith(LONG.slice(5)) ? 1 : known[name];
    return serving === undefined ? { code: GrpcStatus.NOT_FOUND, details: `no ${name} here` } : { serving };
  });
  expect(answer).toEqual(expected);
});

test('a server without the health protocol says so', async () => {
  expect(await asked('')).toMatchObject({ kind: 'refused', code: 'UNIMPLEMENTED' });
});

test('nobody listens', async () => {
  const [port = 0] = await freePorts(1);
  expect(await askGrpcHealth(`http://127.0.0.1:${port}`, '', TIMEOUT_MS)).toMatchObject({
    kind: 'silent',
    reason: `connect ECONNREFUSED 127.0.0.1:${port}`,
  });
});

test('a web server is none of gRPC', async () => {
  const server = createHttp((_, response) => response.end('hello')).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  expect(await askGrpcHealth(`http://127.0.0.1:${port}`, '', TIMEOUT_MS)).toMatchObject({ kind: 'silent' });
});

test.each([
  ['says nothing', () => {}],
  ['hangs up', (socket: { destroy(): void }) => socket.destroy()],
])('one that %s is not waited for without end', async (_, take) => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    take(socket);
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  expect(await askGrpcHealth(`http://127.0.0.1:${port}`, '', 200)).toMatchObject({ kind: 'silent' });
});

test('an answer of any bytes is read or called unreadable', () => {
  const known = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN', 'UNREADABLE'];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(known).toContain(servingStatus(Buffer.from(bytes)));
    }),
  );
  expect(servingStatus(Buffer.from([0, 0, 0, 0, 2, 0x08, 1]))).toBe('SERVING');
  expect(servingStatus(Buffer.from([0, 0, 0, 0, 0]))).toBe('UNKNOWN');
  // Compressed, although nobody has offered it.
  expect(servingStatus(Buffer.from([1, 0, 0, 0, 2, 0x08, 1]))).toBe('UNREADABLE');
});
