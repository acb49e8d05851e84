import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { stackFolders } from './folders.ts';

/** The ledger of folders outside the stack that hold its data; `down --volumes` removes them. */
function ledger(root: string): string {
  return join(stackFolders(root).state, 'places.json');
}

export async function readPlaces(root: string): Promise<string[]> {
  return JSON.parse(await readFile(ledger(root), 'utf8').catch(() => '[]')) as string[];
}

/** Writes the folder down before anything is put there, so that a crash cannot hide it. */
export async function recordPlace(root: string, folder: string): Promise<void> {
  const places = await readPlaces(root);
  if (places.includes(folder)) return;
  await writeFileAtomic(ledger(root), JSON.stringify([...places, folder]), { mode: 0o600 });
}

/** Removes all data of the stack, wherever it stands. Answers with the folders that were removed. */
export async function removeVolumes(root: string): Promise<string[]> {
  const folders = [...(await readPlaces(root)), stackFolders(root).data];
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
  await rm(ledger(root), { force: true });
  return folders;
}
