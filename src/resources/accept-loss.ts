import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ACCEPT_LOSS_FILE } from '../model/accept-loss.ts';
import type { InfrastructurePlan } from '../model/placement.ts';
import { stackFolders } from '../state/folders.ts';

/**
 * Tells the embedded parts that their next start may go on without what is damaged in their data. Gives what takes the
 * word back from those that were not started: it holds for this time only.
 */
export async function acceptLoss(
  root: string,
  { choices }: Pick<InfrastructurePlan, 'choices'>,
): Promise<() => Promise<void>> {
  const said: string[] = [];
  for (const { resource, provider } of choices) {
    const folder = join(stackFolders(root).data, resource);
    const isThere = await stat(folder).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (provider !== 'embedded' || !isThere) continue;
    const file = join(folder, ACCEPT_LOSS_FILE);
    await writeFile(file, '', { mode: 0o600 });
    said.push(file);
  }
  return async () => {
    for (const file of said) await rm(file, { force: true });
  };
}
