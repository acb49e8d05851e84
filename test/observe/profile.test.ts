import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { observeProfile } from '../../src/observe/profile.ts';
import { service } from '../flow/chain.ts';
import { temporaryFolder } from '../support/quiet-context.ts';
import { emptyStack } from '../support/stack.ts';

/** A stack with one service in `services/api`, and these files. */
async function stackOf(files: Record<string, unknown>) {
  const root = await temporaryFolder();
  for (const [folder, content] of Object.entries(files)) {
    await mkdir(join(root, folder), { recursive: true });
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    await writeFile(join(root, folder, 'package.json'), text);
  }
  return emptyStack(root, { services: [service('api', 8000, { path: join(root, 'services/api') })] });
}
const runtime = { name: '@shop/runtime' };
const built = { dependencies: { '@shop/runtime': '*' } };

test.each([
  ['a service is built on the runtime', { 'packages/runtime': runtime, 'services/api': built }, 'qbtc'],
  ['nothing is built on it', { 'packages/runtime': runtime, 'services/api': {} }, 'foreign'],
  ['there is no such package', { 'services/api': built }, 'foreign'],
  ['no file says anything', {}, 'foreign'],
  ['the files are damaged', { 'packages/runtime': '{', 'services/api': '[]' }, 'foreign'],
  [
    'names mean something else',
    { 'packages/runtime': { name: 3 }, 'services/api': { dependencies: 'x' } },
    'foreign',
  ],
])('%s', async (_, files, profile) => {
  expect(await observeProfile(await stackOf(files))).toBe(profile);
});

test('qbtc.yaml forces one', async () => {
  const { root, services, score } = await stackOf({ 'packages/runtime': runtime, 'services/api': built });
  expect(await observeProfile({ root, services, score: { ...score, profile: 'foreign' } })).toBe('foreign');
});
