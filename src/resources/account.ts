import { chmodSync, lchownSync, lstatSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

// Programs that refuse to run as root have another account there, which many may run as. Whoever writes a folder decides
// what the names in it lead to: root works by names only in folders that are its own.

/** Who runs a program, where that is not our own account. */
export interface Account {
  uid: number;
  gid: number;
}

/** Gives away a tree that is ours, its root last: until then nobody else gets into it. */
export function give(tree: string, { uid, gid }: Account): void {
  for (const entry of readdirSync(tree, { withFileTypes: true })) {
    const path = join(tree, entry.name);
    if (entry.isDirectory()) give(path, { uid, gid });
    else lchownSync(path, uid, gid);
  }
  lchownSync(tree, uid, gid);
}

/**
 * Takes the folders of a tree from the account that they were given to, from the top down: what is listed in one that is ours
 * stays what it is. The files in them can be written still by who has them open.
 *
 * @param tree in a folder that is ours
 */
export function takeBack(tree: string): void {
  lchownSync(tree, process.getuid?.() ?? 0, process.getgid?.() ?? 0);
  if (!lstatSync(tree).isDirectory()) return;
  chmodSync(tree, 0o700);
  for (const entry of readdirSync(tree, { withFileTypes: true }))
    if (entry.isDirectory()) takeBack(join(tree, entry.name));
}

/** Removes a tree, in a folder that is ours, that may be another account's, or not there. */
export async function removeTree(tree: string): Promise<void> {
  if (process.getuid?.() === 0 && lstatSync(tree, { throwIfNoEntry: false }) !== undefined) takeBack(tree);
  await rm(tree, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}
