import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { discover } from '../../src/discovery/discover.ts';
import { service } from '../flow/chain.ts';
import { quietContext } from '../support/quiet-context.ts';
import { emptyStack } from '../support/stack.ts';

test('a service that takes the connection and never answers holds nobody up for long', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as { port: number };
  const stack = emptyStack('/stack', { services: [service('llm-api', port)] });
  const { services } = await discover(quietContext(), stack, {
    sources: ['stack', 'ports'],
    portRange: { first: port, last: port },
  });
  expect(services[0]).toMatchObject({
    condition: 'unhealthy',
    instances: [{ reason: expect.stringContaining('within 5000 ms') }],
  });
});
