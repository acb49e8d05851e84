import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connectAddress, listenAddress, releaseAddress } from '../../../src/runtimes/processes/address.ts';
import { temporaryFolder } from '../../support/quiet-context.ts';

async function stackAt(...deeper: string[]): Promise<string> {
  const root = join(await temporaryFolder('q-'), ...deeper);
  await mkdir(join(root, '.qbtc'), { recursive: true, mode: 0o700 });
  return root;
}
const deep = ['a'.repeat(60), 'b'.repeat(60)];

/** A server at the address, which the state of the stack names, as the supervisor does it. */
async function listen(root: string, address: string): Promise<void> {
  const server = createServer().listen(address);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  await record(root, address);
}
const record = (root: string, socket: unknown) =>
  writeFile(
    join(root, '.qbtc', 'state.json'),
    JSON.stringify({ supervisor: { pid: 1, socket }, processes: [] }),
  );

test('it stands inside the stack, and is found there without the state too', async () => {
  const root = await stackAt();
  expect(await connectAddress(root)).toBeUndefined();
  const address = await listenAddress(root);
  expect(address).toBe(join(root, '.qbtc', 'supervisor.sock'));
  await listen(root, address);
  expect(await connectAddress(root)).toBe(address);
  await rm(join(root, '.qbtc', 'state.json'));
  expect(await connectAddress(root)).toBe(address);
});

test('deep in the tree it stands in a folder that nobody else can enter, whatever TMPDIR says later', async () => {
  const root = await stackAt(...deep);
  const address = await listenAddress(root);
  expect(Buffer.byteLength(address)).toBeLessThan(104);
  expect((await stat(dirname(address))).mode & 0o777).toBe(0o700);
  await listen(root, address);
  const before = process.env.TMPDIR;
  process.env.TMPDIR = root;
  try {
    expect(await connectAddress(root)).toBe(address);
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
  // The next supervisor, after a kill of this one, takes a new one and clears the old one away.
  const next = await listenAddress(root);
  expect(next).not.toBe(address);
  await expect(stat(dirname(address))).rejects.toThrow(/ENOENT/);
  releaseAddress(next);
  await expect(stat(dirname(next))).rejects.toThrow(/ENOENT/);
});

test('it does not stand where others may write', async () => {
  const root = await stackAt();
  await chmod(join(root, '.qbtc'), 0o777);
  const address = await listenAddress(root);
  expect(dirname(address)).not.toBe(join(root, '.qbtc'));
  releaseAddress(address);
});

test('a socket in a folder where others may write is refused', async () => {
  const root = await stackAt();
  await listen(root, await listenAddress(root));
  await chmod(join(root, '.qbtc'), 0o777);
  await expect(connectAddress(root)).rejects.toMatchObject({ code: 'SUPERVISOR_FOREIGN' });
});

test.runIf(process.getuid?.() === 0)('a socket or a folder of another account is refused', async () => {
  const root = await stackAt(...deep);
  const address = await listenAddress(root);
  await listen(root, address);
  onTestFinished(() => releaseAddress(address));
  await chown(address, 65_534, 65_534);
  await expect(connectAddress(root)).rejects.toMatchObject({ code: 'SUPERVISOR_FOREIGN' });
  await chown(address, 0, 0);
  await chown(dirname(address), 65_534, 65_534);
  await expect(connectAddress(root)).rejects.toThrow(/only this account/);
});

test('what is no socket is refused', async () => {
  const root = await stackAt();
  await writeFile(join(root, '.qbtc', 'supervisor.sock'), '');
  await expect(connectAddress(root)).rejects.toMatchObject({ code: 'SUPERVISOR_FOREIGN' });
});

test.each([
  ['/run/other.sock'],
  ['relative/qbtc-abcdef/supervisor.sock'],
  [7],
  [undefined],
])('a state that names %s names no address of ours', async (socket) => {
  const root = await stackAt();
  await record(root, socket);
  expect(await connectAddress(root)).toBeUndefined();
});

test('only what was made for it is removed with it', async () => {
  const folder = await mkdtemp(join(await temporaryFolder('q-'), 'qbtc-'));
  await writeFile(join(folder, 'other'), '');
  releaseAddress(join(folder, 'supervisor.sock'));
  await stat(join(folder, 'other'));
});

test('on Windows it is a pipe that nobody can guess, found through the state', async () => {
  const root = await stackAt();
  const address = await listenAddress(root, 'win32');
  expect(address).toMatch(/^\\\\\.\\pipe\\qbtc-[0-9a-f]{32}$/);
  expect(await listenAddress(root, 'win32')).not.toBe(address);
  expect(await connectAddress(root, 'win32')).toBeUndefined();
  await record(root, address);
  expect(await connectAddress(root, 'win32')).toBe(address);
});
