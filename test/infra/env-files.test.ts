import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { placeOf } from '../../src/config/place.ts';
import { parseEnv } from '../../src/infra/containers/env-file.ts';
import { writeEnvFiles } from '../../src/infra/env-files.ts';
import type { Resource } from '../../src/model/resource.ts';
import { service } from '../flow/chain.ts';
import { temporaryFolder } from '../support/quiet-context.ts';
import { emptyStack, postgresResource } from '../support/stack.ts';

const gateway: Resource = {
  name: 'gateway',
  kind: 'apisix',
  ports: { main: 9080, admin: 9180 },
  endpoint: { url: 'http://127.0.0.1:9080', host: '127.0.0.1', port: 9080, adminKey: 'qbtc_key' },
};

async function stackWithCompose() {
  const root = await temporaryFolder();
  const folder = join(root, 'infrastructure');
  await mkdir(folder);
  await writeFile(join(folder, 'docker-compose.yml'), 'services: {}\n');
  const stack = emptyStack(root, {
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
  await writeEnvFiles(stack);
  expect(parseEnv(await readFile(join(folder, '.env'), 'utf8'))).toEqual({
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
  expect(parseEnv(await readFile(join(folder, 'env', 'llm-api.env'), 'utf8'))).toEqual({
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
  await writeEnvFiles(stack);
  const before = await stat(join(folder, '.env'));
  await writeEnvFiles({ ...stack, services: stack.services.slice(0, 1) });
  await expect(stat(join(folder, 'env', 'core.env'))).rejects.toThrow();
  await writeEnvFiles(stack);
  await writeEnvFiles(stack);
  const { ino } = await stat(join(folder, 'env', 'core.env'));
  await writeEnvFiles(stack);
  expect((await stat(join(folder, 'env', 'core.env'))).ino).toBe(ino);
  expect(before.isFile()).toBe(true);
});

test('never overwrite a file of somebody else, and are not written without a compose file', async () => {
  const { stack, folder, root } = await stackWithCompose();
  await writeFile(join(folder, '.env'), 'MINE=1\n');
  await expect(writeEnvFiles(stack)).rejects.toMatchObject({ code: 'ENV_FILE_FOREIGN' });
  expect(await readFile(join(folder, '.env'), 'utf8')).toBe('MINE=1\n');
  await writeEnvFiles({ ...stack, composeFile: join(root, 'none.yml') });
  await expect(stat(join(root, '.env'))).rejects.toThrow();
});
