import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { addWorkspaceToLock, type Manifest } from '../lock-file.ts';
import { type Place, preparePlace } from '../place.ts';
import { workspacesOf } from '../workspaces.ts';
import type { ServicePlan } from './plan.ts';

/**
 * Writes the files of the service. They stand beside until all of them are there: one that is killed on the way leaves a
 * folder that nobody takes for a service, and the next one removes.
 * @returns what takes them away again
 * @throws QbtcError FOLDER_NOT_EMPTY, FOLDER_NOT_WRITABLE
 */
export async function layService(
  root: string,
  { folder, texts }: ServicePlan,
  signal: AbortSignal,
): Promise<Place> {
  const place = await preparePlace(join(root, folder));
  try {
    for (const [path, text] of texts) {
      signal.throwIfAborted();
      const file = join(place.staging, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
      if (text.startsWith('#!')) await chmod(file, 0o755);
    }
    await place.settle();
    return place;
  } catch (error) {
    await place.undo();
    throw error;
  }
}

/** Tells the lock file of the package, where it is one of the workspaces. */
export async function lockService(root: string, { folder, texts }: ServicePlan): Promise<void> {
  const workspaces = await workspacesOf(root).catch(() => []);
  const manifest = texts.get('package.json');
  if (manifest === undefined || workspaces.every((each) => each.folder !== folder)) return;
  await addWorkspaceToLock(root, folder, JSON.parse(manifest) as Manifest);
}
