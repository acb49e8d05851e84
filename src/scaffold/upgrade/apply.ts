import { chmod, mkdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { inGroups } from '../in-groups.ts';
import type { PlannedFile } from './plan.ts';

/** Writes what was planned: first what is there in the end, then what is to go. Rejects when aborted. */
export async function applyFiles(
  root: string,
  files: readonly PlannedFile[],
  signal: AbortSignal,
): Promise<void> {
  await inGroups(files, async ({ path, bytes, mode, beside, besideBytes }) => {
    signal.throwIfAborted();
    if (beside !== undefined && besideBytes !== undefined)
      await writeFileAtomic(join(root, beside), besideBytes);
    if (bytes === undefined) return;
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFileAtomic(join(root, path), bytes);
    if (mode !== undefined) await chmod(join(root, path), mode | 0o200);
  });
  const gone = files.flatMap(({ action, path, from }) => (action === 'delete' ? [path] : (from ?? [])));
  await inGroups(gone, (path) => rm(join(root, path), { force: true }));
  for (const folder of new Set(gone.map(dirname))) await removeEmpty(root, folder);
}

/** Takes away the folder, and those around it, where nothing is left in them. */
export async function removeEmpty(root: string, folder: string): Promise<void> {
  for (let current = folder; current !== '.'; current = dirname(current)) {
    const removed = await rmdir(join(root, current)).then(
      () => true,
      () => false,
    );
    if (!removed) return;
  }
}
