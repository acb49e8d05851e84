import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { whySilent } from '../../src/services/elsewhere.ts';
import { instancesOf } from '../../src/services/service.ts';
import { service } from '../flow/chain.ts';
import { freePorts } from '../support/ports.ts';
import { quietContext } from '../support/quiet-context.ts';

const ownProcess = { pid: process.pid };

async function listening(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const instance = (port: number | undefined, ports: Record<string, number> = {}) => {
  const { port: _, ...rest } = service('shop', 1, { ports });
  const [first] = instancesOf(port === undefined ? rest : { ...rest, port });
  if (first === undefined) throw new Error('a service has an instance');
  return first;
};

test('a service that listens on another port is told so, with what helps', async () => {
  const [declared = 0] = await freePorts(1);
  const port = await listening('127.0.0.1');
  const why = await whySilent(quietContext(), instance(declared), ownProcess);
  // What else this process listens on is named, too.
  expect(why?.reason).toMatch(new RegExp(`^it listens on port .*\\b${port}\\b.*, not on ${declared}$`));
  expect(why?.hint).toContain(`have it listen on PORT (${declared}), or give it \${port} in its command`);
});

test('one that listens on its port of another address is told that address', async () => {
  const port = await listening('::1');
  const why = await whySilent(quietContext(), instance(port), ownProcess);
  expect(why?.reason).toContain(`[::1]:${port}`);
  expect(why?.hint).toBe('have it listen on 127.0.0.1, which it gets as HOST');
});

test('its further ports, other processes, and what listens nowhere say nothing', async () => {
  const port = await listening('127.0.0.1');
  const [declared = 0] = await freePorts(1);
  const why = await whySilent(quietContext(), instance(declared, { admin: port }), ownProcess);
  expect(why?.reason ?? '').not.toContain(String(port));
  expect(await whySilent(quietContext(), instance(declared), { pid: 999_999_999 })).toBeUndefined();
  expect(await whySilent(quietContext(), instance(declared), 'container')).toBeUndefined();
  expect(await whySilent(quietContext(), instance(undefined), ownProcess)).toBeUndefined();
});
