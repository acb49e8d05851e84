import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { engineAddress } from '../../src/system/docker.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

async function homeWithContext(name: string, host: string): Promise<string> {
  const home = await temporaryFolder();
  const meta = join(home, '.docker', 'contexts', 'meta', createHash('sha256').update(name).digest('hex'));
  await mkdir(meta, { recursive: true });
  await writeFile(join(home, '.docker', 'config.json'), JSON.stringify({ currentContext: name }));
  await writeFile(
    join(meta, 'meta.json'),
    JSON.stringify({ Name: name, Endpoints: { docker: { Host: host, SkipTLSVerify: false } } }),
  );
  return home;
}

test('DOCKER_HOST goes before everything', async () => {
  const HOME = await homeWithContext('desktop', 'unix:///desktop.sock');
  expect(await engineAddress({ HOME, DOCKER_HOST: 'tcp://127.0.0.1:2375' }, 'linux')).toBe(
    'tcp://127.0.0.1:2375',
  );
});

test('the current context is followed, as Docker Desktop sets it', async () => {
  const HOME = await homeWithContext('desktop-linux', 'unix:///home/me/.docker/run/docker.sock');
  expect(await engineAddress({ HOME }, 'darwin')).toBe('unix:///home/me/.docker/run/docker.sock');
  // A context that is not there is no reason to fail: the docker program says what is wrong with it.
  expect(await engineAddress({ HOME, DOCKER_CONTEXT: 'gone' }, 'win32')).toBe(
    'npipe:////./pipe/docker_engine',
  );
});

test('without either it is the usual place of the platform', async () => {
  const HOME = await temporaryFolder();
  expect(await engineAddress({ HOME }, 'win32')).toBe('npipe:////./pipe/docker_engine');
  const runtime = await temporaryFolder();
  await writeFile(join(runtime, 'docker.sock'), '');
  expect(await engineAddress({ HOME, XDG_RUNTIME_DIR: runtime }, 'linux')).toMatch(
    /^unix:\/\/(\/var\/run|.*qbtc test)/,
  );
});
