import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { env } from '../../commands/env.ts';
import { parseEnv } from '../../src/config/dotenv.ts';
import { runOperation } from '../../src/operations/index.ts';
import { runCommand } from '../support/command-line.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';

const STACK = `
version: 1
name: shop
secrets: [api-key]
infrastructure:
  cache: { kind: redis }
services:
  web:
    command: [node, main.js]
    port: 7000
    replicas: 2
    health: { tcp: true }
    depends_on: [cache]
    env:
      REDIS_URL: \${resources.cache.url}
      API_KEY: \${secrets.api-key}
      QUOTED: it's a "value" with $$ and \\
  elsewhere:
    url: http://127.0.0.1:7900
    health: { tcp: true }
`;

async function stackFolder(): Promise<string> {
  const root = await temporaryFolder();
  await mkdir(join(root, '.git'));
  await writeFile(join(root, 'qbtc.yaml'), STACK);
  return root;
}

const envOf = async (cwd: string, name: string) => {
  const { document } = await runOperation({ ...quietContext(), cwd }, 'env', { name }, async () => () => {});
  return document?.kind === 'environment' ? document : expect.unreachable();
};

describe('qbtc env', () => {
  test('gives what each replica is run with, its secrets masked, and nothing of its caller', async () => {
    const root = await stackFolder();
    const first = await envOf(root, 'web');
    expect(first).toMatchObject({ instance: 'web-1', runsIn: 'process', secrets: ['REDIS_URL', 'API_KEY'] });
    expect(first.variables).toMatchObject({ PORT: '7000', SERVICE_NAME: 'web', API_KEY: '••••••' });
    expect(first.variables.REDIS_URL).toMatch(/^redis:\/\/.*••••••@127\.0\.0\.1:/);
    expect(first.variables).not.toHaveProperty('PATH');
    expect((await envOf(root, 'web-2')).variables.PORT).toBe('7001');
  });

  test.each([
    ['cache', 'ENVIRONMENT_UNKNOWN'],
    ['elsewhere', 'ENVIRONMENT_UNKNOWN'],
    ['wep', 'NAME_UNKNOWN'],
  ])('refuses %s with %s', async (name, code) => {
    await expect(envOf(await stackFolder(), name)).rejects.toMatchObject({ code, exit: 64 });
  });

  test('writes a file that is read as it was meant, with secrets only when they are asked for', async () => {
    const root = await stackFolder();
    const context = { ...quietContext(), cwd: root };
    const read = async (file: string) => parseEnv(await readFile(join(root, file), 'utf8'), file);
    await runCommand(env, context, ['env', 'web', '--out', 'plain.env']);
    expect(await read('plain.env')).toMatchObject({ PORT: '7000', QUOTED: 'it\'s a "value" with $$ and \\' });
    expect(await read('plain.env')).not.toHaveProperty('API_KEY');
    expect(await readFile(join(root, 'plain.env'), 'utf8')).toContain('# API_KEY holds a secret');
    await runCommand(env, context, ['env', 'web', '--show-secrets', '--out', 'whole.env']);
    expect((await read('whole.env')).API_KEY).toMatch(/^\S{16,}$/);
    expect((await stat(join(root, 'whole.env'))).mode & 0o777).toBe(0o600);
    await expect(runCommand(env, context, ['env', 'web', '--out', 'plain.env'])).rejects.toMatchObject({
      code: 'FILE_EXISTS',
    });
  });
});
