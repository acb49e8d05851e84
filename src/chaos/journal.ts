import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { messageOf, QbtcError } from '../errors.ts';
import { stackFolders } from '../infra/index.ts';
import type { InjectedFault } from '../model/chaos.ts';

function file(root: string): string {
  return join(stackFolders(root).state, 'chaos.json');
}

/**
 * What is injected and not undone, oldest first. Each was written down before anything was done.
 *
 * @throws QbtcError `CHAOS_UNREADABLE`
 */
export async function readJournal(root: string): Promise<InjectedFault[]> {
  let text: string;
  try {
    text = await readFile(file(root), 'utf8');
  } catch {
    return [];
  }
  try {
    return JSON.parse(text) as InjectedFault[];
  } catch (error) {
    throw new QbtcError('CHAOS_UNREADABLE', `${file(root)} is not JSON: ${messageOf(error)}`, {
      hint: `it says how to undo what chaos has done; without it: qbtc down && qbtc up, and delete ${file(root)}`,
    });
  }
}

/** Adds a fault, or puts it in the place of one of the same name. */
export async function note(root: string, fault: InjectedFault): Promise<void> {
  const others = (await readJournal(root)).filter(({ name }) => name !== fault.name);
  await write(root, [...others, fault]);
}

export async function strike(root: string, name: string): Promise<void> {
  await write(
    root,
    (await readJournal(root)).filter((fault) => fault.name !== name),
  );
}

async function write(root: string, faults: readonly InjectedFault[]): Promise<void> {
  if (faults.length === 0) {
    await rm(file(root), { force: true });
    return;
  }
  await mkdir(dirname(file(root)), { recursive: true, mode: 0o700 });
  await writeFileAtomic(file(root), JSON.stringify(faults), { mode: 0o600 });
}
