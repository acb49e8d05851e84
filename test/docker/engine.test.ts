import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { engineState, withEngine } from '../../src/docker/engine.ts';
import { createDocker } from '../../src/system/docker.ts';
import { temporaryFolder } from '../support/quiet-context.ts';
import { scriptedServer } from '../support/scripted-server.ts';

const at = (address: string) => ({ docker: createDocker({ DOCKER_HOST: address }, 'linux') });

describe('an engine that cannot be used says why, and what mends that', () => {
  test('none', async () => {
    expect(await engineState(at('unix:///nowhere/docker.sock'))).toMatchObject({
      reachable: false,
      reason: 'there is no engine at unix:///nowhere/docker.sock',
      fix: expect.stringContaining('install Docker'),
    });
  });

  test('one that has ended and left its socket', async () => {
    const socket = join(await temporaryFolder(), 'docker.sock');
    await writeFile(socket, '');
    expect(await engineState(at(`unix://${socket}`))).toMatchObject({
      reachable: false,
      reason: expect.stringContaining('has ended'),
      fix: expect.stringContaining('start'),
    });
  });

  test('one that this account may not use', async ({ skip }) => {
    skip(process.getuid?.() === 0, 'root may use every socket');
    const folder = await temporaryFolder();
    const server = createServer().listen(join(folder, 'docker.sock'));
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    await chmod(join(folder, 'docker.sock'), 0);
    expect(await engineState(at(`unix://${folder}/docker.sock`))).toMatchObject({
      fix: expect.stringContaining('usermod -aG docker'),
    });
  });

  test('one that hangs: after the deadline, not forever', async () => {
    const folder = await temporaryFolder('qbtc-hang-');
    const server = createServer(() => {}).listen(join(folder, 'docker.sock'));
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    expect(await engineState(at(`unix://${folder}/docker.sock`), 200)).toMatchObject({
      reachable: false,
      reason: expect.stringContaining('does not answer within 0.2 s'),
    });
  });

  test('something else that answers', async () => {
    const server = await scriptedServer((_, response) => response.end('{"hello":"world"}'));
    onTestFinished(() => server.close());
    const address = server.url.replace('http:', 'tcp:');
    expect(await engineState(at(address))).toMatchObject({
      reason: 'what answers there is no Docker engine',
    });
  });

  test('an address of a kind that cannot be used', async () => {
    expect(await engineState(at('ssh://host'))).toMatchObject({
      reachable: false,
      reason: 'an engine at ssh://host cannot be used',
    });
  });

  test('a question that it cannot answer fails with the reason and the remedy', async () => {
    const question = withEngine(at('unix:///nowhere/docker.sock'), (engine) => engine.listContainers());
    await expect(question).rejects.toMatchObject({
      code: 'ENGINE_UNREACHABLE',
      message: expect.stringContaining('there is no engine'),
      hint: expect.stringContaining('install Docker'),
    });
  });
});
