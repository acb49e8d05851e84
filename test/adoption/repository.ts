import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type AdoptionPlan, planAdoption } from '../../src/adoption/index.ts';
import { openStack, STACK_FILE } from '../../src/config/load.ts';
import type { Stack } from '../../src/model/stack.ts';

/** A repository with these files, gone after the test; its folder is called `shop`. */
export async function repositoryOf(files: Readonly<Record<string, string>>): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'qbtc-adoption-'));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  const root = join(parent, 'shop');
  await mkdir(root);
  await writeAll(root, files);
  return root;
}

export async function writeAll(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

/** What `init` would make of these files, as the stack that qbtc loads from it; a mistake in it is thrown. */
export async function adopted(
  files: Readonly<Record<string, string>>,
): Promise<AdoptionPlan & { stack: Stack; text: string }> {
  const root = await repositoryOf(files);
  const plan = await planAdoption({ root, update: false });
  await writeAll(root, Object.fromEntries(plan.files.map(({ path, text }) => [path, text])));
  const file = join(root, STACK_FILE);
  const stack = await openStack({ file, env: {}, qbtcVersion: '0.1.0', readOnly: true });
  return { ...plan, stack, text: plan.files[0]?.text ?? '' };
}
