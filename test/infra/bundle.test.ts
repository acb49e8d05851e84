import { execFile } from 'node:child_process';
import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { bundleService } from '../../src/infra/bundle.ts';
import { createFolders } from '../../src/infra/folders.ts';
import type { Service } from '../../src/model/stack.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

async function stackWithService(files: Record<string, string>) {
  const root = await temporaryFolder();
  await createFolders(root);
  const path = join(root, 'services', 'api');
  await mkdir(join(path, 'src'), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, 'src', name), text);
  const service: Service & { entry: string } = {
    name: 'api',
    path,
    entry: 'src/main.ts',
    port: 1,
    replicas: 1,
    health: '/health',
    metrics: '/metrics',
    dependsOn: [],
    env: {},
    routes: [],
  };
  return { root, path, service };
}

test('a bundle runs alone, is named by its content, and is made again only when an input changes', async () => {
  const { root, path, service } = await stackWithService({
    'main.ts': "import { greet } from './greet.ts'; const name: string = 'you'; console.log(greet(name));",
    'greet.ts': "export const greet = (name: string) => 'hello ' + name;",
  });
  const first = await bundleService(root, service);
  expect((await promisify(execFile)(process.execPath, [first.file])).stdout).toBe('hello you\n');

  const { mtimeMs } = await stat(first.file);
  expect(await bundleService(root, service)).toEqual(first);
  expect((await stat(first.file)).mtimeMs).toBe(mtimeMs);

  // Saved again without a change: the content, and so the bundle, is the same.
  await utimes(join(path, 'src', 'greet.ts'), new Date(), new Date());
  expect((await bundleService(root, service)).file).toBe(first.file);

  await writeFile(join(path, 'src', 'greet.ts'), "export const greet = (name: string) => 'bye ' + name;");
  const second = await bundleService(root, service);
  expect((await promisify(execFile)(process.execPath, [second.file])).stdout).toBe('bye you\n');
  expect((await readdir(join(root, '.qbtc', 'build'))).filter((name) => name.endsWith('.cjs'))).toHaveLength(
    1,
  );
});

test('mistakes in the code are told with file, line, and column', async () => {
  const { root, service } = await stackWithService({
    'main.ts': "import { x } from 'no-such-package';\nconst = 1;",
  });
  await expect(bundleService(root, service)).rejects.toMatchObject({
    code: 'BUNDLE_FAILED',
    details: [expect.stringContaining('services/api/src/main.ts:2:7')],
  });
});
