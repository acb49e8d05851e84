import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { openStack } from '../../src/config/load.ts';
import type { QbtcError } from '../../src/errors.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

const STACK = `version: 1
name: small
include: services/*/service.yaml
infrastructure:
  broker: { kind: rabbitmq }
env:
  RATIO: 1.10
  PLACE: everywhere
  BROKER: \${resources.broker.url}
  API: \${services.api.url}
services:
  core:
    path: core
    command: [core]
    port: 8001
`;
const API = `command: [api]
port: 8000
events: { resource: broker }
env: { PLACE: here }
`;

async function open(text: string) {
  const root = await temporaryFolder();
  for (const [name, content] of Object.entries({
    'qbtc.yaml': text,
    'core/x': '',
    'services/api/service.yaml': API,
  })) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
  return openStack({ file: join(root, 'qbtc.yaml'), cwd: root, env: {}, qbtcVersion: '0.1.0' });
}

test('every service gets it, filled in as its own environment, which comes first', async () => {
  const { services, secrets } = await open(STACK);
  const [core, api] = services;
  const [stacks, own] = [secrets['broker-password'], secrets['api-broker-password']];
  expect(core?.env).toEqual({
    RATIO: '1.10',
    PLACE: 'everywhere',
    BROKER: `amqp://small:${stacks}@127.0.0.1:5672/small`,
    API: 'http://127.0.0.1:8000',
  });
  expect(api?.env).toEqual({
    RATIO: '1.10',
    PLACE: 'here',
    BROKER: `amqp://small.api:${own}@127.0.0.1:5672/small`,
    API: 'http://127.0.0.1:8000',
  });
  expect(api?.containerEnv).toMatchObject({ PLACE: 'here', API: 'http://api:8000' });
  expect(api?.containerEnv.BROKER).toBe(`amqp://small.api:${own}@broker:5672/small`);
});

test.each([
  [
    'a reference that leads nowhere',
    'PLACE: ${NOT_SET}',
    'qbtc.yaml:8:10 env.PLACE: found ${NOT_SET}, which is not set in the environment, expected NOT_SET to be set, or ${NOT_SET:-default}',
  ],
  ['a name that is none', '2ND: a', 'qbtc.yaml:8:3 env.2ND: found the name "2ND", expected a variable name'],
  ['what is no text', 'PLACE: [a]', 'qbtc.yaml:8:10 env.PLACE: found a list, expected text'],
])('%s is told once, where it stands', async (_, line, told) => {
  const error = await open(STACK.replace('PLACE: everywhere', line)).catch((thrown: QbtcError) => thrown);
  expect((error as QbtcError).details).toEqual([expect.stringContaining(told)]);
});
