import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { askProtocol, protocolOf } from '../../src/discovery/protocol.ts';
import { createTcp } from '../../src/system/tcp/index.ts';

const tcp = createTcp('/nowhere');

import { freePorts } from '../support/ports.ts';

/** What the servers really answered, recorded: nginx 1.22, RabbitMQ 3.10.8, Redis 7.0.15, OpenSSH 9.2, PostgreSQL 15.18. */
test.each([
  ['http', 'HTTP/1.1 405 Not Allowed\r\nServer: nginx', 'http'],
  ['http', 'AMQP\x00\x00\x09\x01', 'amqp'],
  ['amqp', '\x01\x00\x00\x00\x00\x01\xef\x00\x0a\x00\x0a', 'amqp'],
  ['http', "-ERR unknown command 'OPTIONS', with args", 'redis'],
  ['redis', '+PONG\r\n', 'redis'],
  ['redis', '-NOAUTH Authentication required.\r\n', 'redis'],
  ['redis', '-DENIED Redis is running in protected mode', 'redis'],
  ['postgresql', 'S', 'postgresql'],
  ['postgresql', 'N', 'postgresql'],
  ['http', 'S', 'other'],
  ['http', 'SSH-2.0-OpenSSH_9.2p1\r\n', 'ssh'],
  ['http', '\x15\x03\x01\x00\x02\x02\x46', 'tls'],
  ['http', '220 mail ESMTP\r\n', 'other'],
] as const)('asked in %s, %j is %s', (asked, answer, protocol) => {
  expect(protocolOf(Buffer.from(answer, 'latin1'), asked)).toBe(protocol);
});

async function listening(onConnect: (socket: import('node:net').Socket) => void): Promise<number> {
  const server = createServer(onConnect);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}

test('a port that accepts and says nothing is silent, and holds nobody up', async () => {
  const sockets: import('node:net').Socket[] = [];
  const port = await listening((socket) => void sockets.push(socket));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  expect(await askProtocol({ tcp }, { host: '127.0.0.1', port }, undefined, undefined)).toBe('silent');
});

test('one that closes at once is other, one where nobody listens is closed', async () => {
  const port = await listening((socket) => socket.destroy());
  expect(await askProtocol({ tcp }, { host: '127.0.0.1', port }, undefined, undefined)).toBe('other');
  const [free = 0] = await freePorts(1);
  expect(await askProtocol({ tcp }, { host: '127.0.0.1', port: free }, undefined, undefined)).toBe('closed');
});

test('a server is first spoken to in its own language', async () => {
  const heard: string[] = [];
  const port = await listening((socket) =>
    socket.once('data', (data) => {
      heard.push(data.toString('latin1'));
      socket.end('+PONG\r\n');
    }),
  );
  expect(await askProtocol({ tcp }, { host: '127.0.0.1', port }, undefined, 'redis-server')).toBe('redis');
  expect(heard).toEqual(['PING\r\n']);
});
