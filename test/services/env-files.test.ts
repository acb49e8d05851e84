import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseEnv } from '../../src/config/dotenv.ts';
import { placeOf } from '../../src/config/place.ts';
import type { Resource } from '../../src/model/resource.ts';
import { writeEnvFiles } from '../../src/services/env-files.ts';
import { service } from '../flow/chain.ts';
import { run } from '../support/docker/run.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';
import { emptyStack, postgresResource } from '../support/stack.ts';

const context = quietContext();

const gateway: Resource = {
  name: 'gateway',
  kind: 'apisix',
  ports: { main: 9080, admin: 9180 },
  endpoint: { url: 'http://127.0.0.1:9080', host: '127.0.0.1', port: 9080, adminKey: 'qbtc_key' },
};

async function stackWithCompose(place = 'infrastructure') {
  const root = await temporaryFolder();
  const folder = join(root, place);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'docker-compose.yml'), 'services: {}\n');
  const stack = emptyStack(root, {
    composeFile: join(folder, 'docker-compose.yml'),
    resources: [postgresResource(5432), gateway],
    services: [
      service('llm-api', 8000, { replicas: 2, containerEnv: { AMQP_URL: "amqp://it's@broker" } }),
      service('core', 8010),
    ],
    secrets: { 'gateway-keyring': '0123456789abcdefghij' },
  });
  return { stack, folder, root };
}

test('hold what the compose file refers to, for its owner alone', async () => {
  const { stack, folder, root } = await stackWithCompose();
  await writeEnvFiles(context, stack);
  expect(parseEnv(await readFile(join(folder, '.env'), 'utf8'), '.env')).toEqual({
    COMPOSE_PROJECT_NAME: `qbtc-acme-${placeOf(root)}`,
    QBTC_STACK: 'acme',
    QBTC_PLACE: placeOf(root),
    DATABASE_PORT: '5432',
    DATABASE_USER: 'acme',
    DATABASE_PASSWORD: 'p4ssword',
    DATABASE_DATABASE: 'acme',
    GATEWAY_PORT: '9080',
    GATEWAY_ADMIN_PORT: '9180',
    GATEWAY_TLS_PORT: '9443',
    GATEWAY_ADMIN_KEY: 'qbtc_key',
    GATEWAY_KEYRING: '0123456789abcdef',
    LLM_API_PORT: '8000',
    LLM_API_PORTS: '8000-8001',
    LLM_API_REPLICAS: '2',
    CORE_PORT: '8010',
    CORE_PORTS: '8010',
    CORE_REPLICAS: '1',
  });
  expect(parseEnv(await readFile(join(folder, 'env', 'llm-api.env'), 'utf8'), '.env')).toEqual({
    HOST: '0.0.0.0',
    STACK_NAME: 'acme',
    AMQP_URL: "amqp://it's@broker",
    PORT: '8000',
    SERVICE_NAME: 'llm-api',
  });
  expect((await stat(join(folder, '.env'))).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, 'env', 'core.env'))).mode & 0o777).toBe(0o600);
});

test('are left alone when nothing has changed, and go with their service', async () => {
  const { stack, folder } = await stackWithCompose();
  await writeEnvFiles(context, stack);
  const before = await stat(join(folder, '.env'));
  await writeEnvFiles(context, { ...stack, services: stack.services.slice(0, 1) });
  await expect(stat(join(folder, 'env', 'core.env'))).rejects.toThrow();
  await writeEnvFiles(context, stack);
  await writeEnvFiles(context, stack);
  const { ino } = await stat(join(folder, 'env', 'core.env'));
  await writeEnvFiles(context, stack);
  expect((await stat(join(folder, 'env', 'core.env'))).ino).toBe(ino);
  expect(before.isFile()).toBe(true);
});

test('are not written without a compose file', async () => {
  const { stack, root } = await stackWithCompose();
  await writeEnvFiles(context, { ...stack, composeFile: join(root, 'none.yml') });
  await expect(stat(join(root, '.env'))).rejects.toThrow();
  await expect(stat(join(root, '.qbtc', 'compose'))).rejects.toThrow();
});

const valuesOf = async (root: string) =>
  parseEnv(await readFile(join(root, '.qbtc', 'compose', '.env'), 'utf8'), '.env');

test('a file of somebody else stays as it is, and its values are taken beside ours', async () => {
  for (const place of ['infrastructure', '.', 'deploy/prod']) {
    const { stack, folder, root } = await stackWithCompose(place);
    const theirs = "\uFEFFMINE='a#$b'\nDATABASE_PASSWORD=old\n";
    await writeFile(join(folder, '.env'), theirs);
    await writeEnvFiles(context, stack);
    expect(await readFile(join(folder, '.env'), 'utf8')).toBe(theirs);
    expect(await valuesOf(root)).toMatchObject({ MINE: 'a#$b', DATABASE_PASSWORD: 'p4ssword' });
  }
  const { stack, folder } = await stackWithCompose();
  await mkdir(join(folder, 'env'));
  await writeFile(join(folder, 'env', 'core.env'), 'A=1\n');
  await expect(writeEnvFiles(context, stack)).rejects.toMatchObject({
    code: 'ENV_FILE_FOREIGN',
    hint: expect.stringContaining('"env" of the service in qbtc.yaml'),
  });
});

test.each(['.', 'deploy', 'infrastructure'])('nothing with a secret is seen by git: %s', async (place) => {
  const { stack, folder, root } = await stackWithCompose(place);
  await run('git', ['init', '--quiet'], { cwd: root });
  await writeEnvFiles(context, stack);
  const { stdout } = await run('git', ['status', '--porcelain', '--untracked-files=all'], { cwd: root });
  expect(stdout.split('\n').filter(Boolean)).toEqual([`?? ${join(place, 'docker-compose.yml')}`]);
  await expect(stat(join(folder, '.env'))).rejects.toThrow();
  expect(await valuesOf(root)).toMatchObject({ DATABASE_PASSWORD: 'p4ssword' });
});

test('beside the compose file of `qbtc new` they serve a compose without qbtc, where git ignores them', async () => {
  const { stack, folder, root } = await stackWithCompose();
  await run('git', ['init', '--quiet'], { cwd: root });
  await writeFile(join(root, '.gitignore'), '.env\ninfrastructure/env/\n');
  await writeEnvFiles(context, stack);
  expect(parseEnv(await readFile(join(folder, '.env'), 'utf8'), '.env')).toEqual(await valuesOf(root));
});

test('what an earlier qbtc wrote into a folder of the user is taken away, and nothing else', async () => {
  const { stack, folder, root } = await stackWithCompose('.');
  const stamp = '# Written by qbtc from qbtc.yaml and its secrets: changes made here are lost. Not for git.';
  await writeFile(join(folder, '.env'), `${stamp}\nDATABASE_PASSWORD='p4ssword'\n`);
  await mkdir(join(folder, 'env'));
  await writeFile(join(folder, 'env', 'core.env'), `${stamp}\n`);
  await writeFile(join(folder, 'env', 'database-init.sql'), '');
  await writeFile(join(folder, 'env', 'mine.env'), 'A=1');
  await writeEnvFiles(context, stack);
  expect(await readdir(join(folder, 'env'))).toEqual(['mine.env']);
  await expect(stat(join(root, '.env'))).rejects.toThrow();
  expect(await readdir(join(root, '.qbtc', 'compose', 'env'))).toEqual(
    expect.arrayContaining(['core.env', 'llm-api.env', 'database-init.sql']),
  );
});
