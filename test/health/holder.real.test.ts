import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { holders } from '../../src/health/holder.ts';
import { quietContext } from '../support/quiet-context.ts';

const SERVER = `const server = require('node:net').createServer().listen(0, '127.0.0.1', () => console.log(server.address().port))`;
/** Runs the server as a child, and ends it with itself. */
const WRAPPER = (options: string) =>
  `const child = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(SERVER)}], { stdio: ['ignore', 'inherit', 'inherit'], ${options} });
   process.on('SIGTERM', () => { child.kill(); process.exit(); });`;

async function running(program: string): Promise<{ pid: number; port: number }> {
  const child = spawn(process.execPath, ['-e', program], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(async () => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  });
  const [line] = await once(createInterface(child.stdout), 'line');
  return { pid: child.pid ?? 0, port: Number(line) };
}

test.each([
  ['its own process', SERVER],
  ['a child, as of npm start', WRAPPER('')],
  ['a child that leads a group and session of its own', WRAPPER('detached: true')],
])('the port is held by %s', async (_, program) => {
  const { pid, port } = await running(program);
  const holderOf = holders(quietContext().host);
  expect(await holderOf(port, { pid })).toMatchObject({ whose: 'ours', pid: expect.any(Number) });
  expect(await holderOf(port, { pid: 999_999_999 })).toMatchObject({ whose: 'another' });
  expect(await holderOf(port, { pid: undefined })).toMatchObject({ whose: 'unseen' });
  // The proxy of a fault stands before it.
  expect(await holderOf(port, { pid: 999_999_999, companions: [pid] })).toMatchObject({ whose: 'ours' });
  expect(await holderOf(port, undefined)).toMatchObject({ whose: 'unrun' });
  expect(await holderOf(port, 'container')).toEqual({ whose: 'ours' });
});

test('a process of the same parent is not ours', async () => {
  const [mine, other] = await Promise.all([running(SERVER), running(SERVER)]);
  expect(await holders(quietContext().host)(other.port, { pid: mine.pid })).toMatchObject({
    whose: 'another',
    pid: other.pid,
  });
});

test('the socket that is nearest to 127.0.0.1 counts', async () => {
  const at = (host: string, pid: number) => ({ host, port: 8000, pid, program: 'node' });
  const families = { processFamily: async () => undefined };
  const holderOf = (...sockets: ReturnType<typeof at>[]) =>
    holders({ ...families, listeningSockets: async () => sockets })(8000, { pid: 1 });
  expect(await holderOf(at('10.0.0.1', 2), at('0.0.0.0', 1))).toMatchObject({ whose: 'ours' });
  expect(await holderOf(at('0.0.0.0', 1), at('127.0.0.1', 2))).toMatchObject({ whose: 'another', pid: 2 });
  expect(await holderOf()).toEqual({ whose: 'unseen' });
});
