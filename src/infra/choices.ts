import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { stackFolders } from './folders.ts';
import type { InfrastructurePlan } from './strategy.ts';

function file(root: string): string {
  return join(stackFolders(root).state, 'providers.json');
}

/** What the last `up` decided; `undefined` before the first one and after `down`. */
export async function readChoices(root: string): Promise<InfrastructurePlan | undefined> {
  try {
    return JSON.parse(await readFile(file(root), 'utf8')) as InfrastructurePlan;
  } catch {
    return undefined;
  }
}

export async function writeChoices(root: string, plan: InfrastructurePlan): Promise<void> {
  await writeFileAtomic(file(root), JSON.stringify(plan), { mode: 0o600, fsync: false });
}
