import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';
import { findProgram, parseVersion } from '../../src/resources/programs.ts';
import { rabbitmqServer } from '../../src/resources/rabbitmq/native.ts';
import { redisServer } from '../../src/resources/redis/native.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';

test.each([
  ['postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)', '15.18'],
  ['postgres (PostgreSQL) 17.2 (Homebrew)', '17.2'],
  ['postgres (PostgreSQL) 18beta1', '18'],
  ['Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=89dd9c1ee0a5c5b', '7.0.15'],
  ['nothing of the kind', undefined],
])('the version in %j', (text, version) => {
  expect(parseVersion(text)).toBe(version);
});

/** A program that prints a line, as the real ones print their versions. */
async function programIn(folder: string, name: string, prints: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), `#!/bin/sh\necho '${prints}'\n`);
  await chmod(join(folder, name), 0o755);
}

const { exec } = quietContext();

test.skipIf(process.platform === 'win32')('is looked for along PATH, and must be new enough', async () => {
  const folder = await temporaryFolder();
  await programIn(join(folder, 'old'), 'redis-server', 'Redis server v=5.0.14 sha=0');
  await programIn(join(folder, 'new'), 'redis-server', 'Redis server v=7.2.4 sha=0');
  const inPath = (...names: string[]) => ({
    exec,
    env: { PATH: ['/nowhere', ...names.map((name) => join(folder, name))].join(delimiter) },
  });
  expect(await findProgram(inPath('new', 'old'), redisServer, 'linux')).toEqual({
    path: join(folder, 'new', 'redis-server'),
    version: '7.2.4',
  });
  expect(await findProgram(inPath('old'), redisServer, 'linux')).toEqual({
    missing: expect.stringContaining('is version 5.0.14, 6 or newer is needed'),
  });
  expect(await findProgram(inPath(), redisServer, 'linux')).toEqual({
    missing: 'redis-server is not installed',
  });
});

test.skipIf(process.platform === 'win32').each([
  ['Debian', 'lib/rabbitmq_server-3.10.8/sbin', '3.10.8'],
  ['Homebrew', 'Cellar/rabbitmq/4.0.5/sbin', '4.0.5'],
])("RabbitMQ's version stands in its folder: %s", async (_, inside, version) => {
  const folder = await temporaryFolder();
  await programIn(join(folder, inside), 'rabbitmq-server', 'starts a node');
  await mkdir(join(folder, 'bin'));
  await symlink(join(folder, inside, 'rabbitmq-server'), join(folder, 'bin', 'rabbitmq-server'));
  // A platform without usual places, so that what this machine has is not found.
  const found = await findProgram({ exec, env: { PATH: join(folder, 'bin') } }, rabbitmqServer, 'freebsd');
  expect(found).toEqual({ path: join(folder, 'bin', 'rabbitmq-server'), version });
});
