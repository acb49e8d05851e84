import { randomBytes } from 'node:crypto';
import { readFile, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { stackFolders } from './folders.ts';

/** The ledger of folders outside the stack that hold its data; `down --volumes` removes them. */
function ledger(root: string): string {
  return join(stackFolders(root).state, 'places.json');
}

export async function readPlaces(root: string): Promise<string[]> {
  return JSON.parse(await readFile(ledger(root), 'utf8').catch(() => '[]')) as string[];
}

/**
 * The folder outside the stack whose path begins with `prefix`: the one that is written down, or a new one. Its end is
 * random, so that a stack that is made anew at the same path never meets the data of the old one. It is written down
 * before it is made, so that a crash cannot hide it.
 */
export async function placeOutside(root: string, prefix: string): Promise<string> {
  const places = await readPlaces(root);
  const known = places.find((place) => place.startsWith(prefix));
  if (known !== undefined) return known;
  const place = `${prefix}${randomBytes(4).toString('hex')}`;
  await writeFileAtomic(ledger(root), JSON.stringify([...places, place]), { mode: 0o600 });
  return place;
}

/** Removes all data of the stack, wherever it stands. Answers with the folders that were removed. */
export async function removeVolumes(root: string): Promise<string[]> {
  const places = await readPlaces(root);
  const folders = [...places, stackFolders(root).data];
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
  // The folder above is shared by the stacks of this machine: the last one takes it along.
  for (const place of places) await rmdir(dirname(place)).catch(() => {});
  await rm(ledger(root), { force: true });
  return folders;
}
