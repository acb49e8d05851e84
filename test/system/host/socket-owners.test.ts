import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { linuxHost } from '../../../src/system/host/linux.ts';
import { temporaryFolder } from '../../support/quiet-context.ts';

/** Takes over the server that it is sent, and says so. */
const HEIR = `process.on('message', (_, server) => {
  server.on('connection', (socket) => socket.end());
  process.send('mine');
});`;

const ownerOf = async (port: number) =>
  (await linuxHost.listeningSockets()).find((socket) => socket.port === port)?.pid;

describe.runIf(process.platform === 'linux')('whose a listening socket is', () => {
  test('is told again while it is so, and anew when another process has it', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await ownerOf(port)).toBe(process.pid);
    expect(await ownerOf(port)).toBe(process.pid);

    const program = join(await temporaryFolder(), 'heir.cjs');
    await writeFile(program, HEIR);
    const heir = fork(program);
    onTestFinished(() => void heir.kill('SIGKILL'));
    heir.send('take it', server);
    await once(heir, 'message');
    server.close();
    await expect.poll(() => ownerOf(port)).toBe(heir.pid);

    heir.kill('SIGKILL');
    await once(heir, 'exit');
    await expect.poll(() => ownerOf(port)).toBeUndefined();
  });

  test('is told of one that began to listen after the others', async () => {
    const [first, second] = [createServer().listen(0), createServer()];
    onTestFinished(() => {
      first.close();
      second.close();
    });
    await once(first, 'listening');
    expect(await ownerOf((first.address() as AddressInfo).port)).toBe(process.pid);
    second.listen(0);
    await once(second, 'listening');
    expect(await ownerOf((second.address() as AddressInfo).port)).toBe(process.pid);
  });
});
