import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { refusesProxy } from '../../src/chaos/proxied.ts';
import { service } from '../flow/chain.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';
import { emptyStack } from '../support/stack.ts';

/** A process that listens on so many ports, recorded as the supervisor does. */
async function running(listeners: number) {
  const program = `const servers = Array.from({ length: ${listeners} }, () => require('node:http').createServer((_, r) => r.end('ok')).listen(0, '127.0.0.1'));
    Promise.all(servers.map((each) => require('node:events').once(each, 'listening'))).then(() => console.log(JSON.stringify(servers.map((each) => each.address().port))));`;
  const child = spawn(process.execPath, ['-e', program], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = await once(createInterface(child.stdout), 'line');
  const [port = 0, ...further] = JSON.parse(String(line)) as number[];
  const root = await temporaryFolder();
  const context = quietContext();
  const { pid = 0 } = child;
  const status = {
    name: 'api',
    pid,
    startTime: await context.host.processStartTime(pid),
    state: 'running',
    kept: true,
  };
  await mkdir(join(root, '.qbtc'));
  await writeFile(
    join(root, '.qbtc', 'state.json'),
    JSON.stringify({ processes: [{ ...status, reason: '', restarts: 0, ports: [port], dependsOn: [] }] }),
  );
  return { context, stack: emptyStack(root, { services: [service('api', port)] }), further };
}

const fault = { name: 'api-slow', kind: 'slow' as const, subject: 'api', options: {} };

test('a service with a further port is refused, by the number of that port', async () => {
  const { further, ...scene } = await running(2);
  expect(await refusesProxy(scene, fault)).toContain(`listens on port ${further[0]}, too`);
});

test('one with its own port alone is not', async () => {
  const { further: _, ...scene } = await running(1);
  expect(await refusesProxy(scene, fault)).toBeUndefined();
});
