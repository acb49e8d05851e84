import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { EXIT, QbtcError } from '../errors.ts';
import { stackFolders } from './folders.ts';

/** A part that a fault of `qbtc chaos` keeps as it is until the fault is undone: nothing of ours starts it again. */
export interface Hold {
  /** The resource or service. */
  part: string;
  /** The name of the fault: `broker-down`. */
  fault: string;
}

function file(root: string): string {
  return join(stackFolders(root).state, 'holds.json');
}

/** None where nothing was ever held; none, too, in a file that cannot be read: it must not keep a stack from starting. */
export async function readHolds(root: string): Promise<Hold[]> {
  try {
    return JSON.parse(await readFile(file(root), 'utf8')) as Hold[];
  } catch {
    return [];
  }
}

export async function hold(root: string, part: string, fault: string): Promise<void> {
  const others = (await readHolds(root)).filter((each) => each.part !== part || each.fault !== fault);
  await write(root, [...others, { part, fault }]);
}

/** Lets go of what the fault holds. */
export async function letGo(root: string, fault: string): Promise<void> {
  const holds = await readHolds(root);
  const others = holds.filter((each) => each.fault !== fault);
  if (others.length < holds.length) await write(root, others);
}

/**
 * Refuses to start what is held.
 *
 * @throws QbtcError `HELD`
 */
export async function refuseHeld(root: string, names: readonly string[]): Promise<void> {
  const held = (await readHolds(root)).filter(({ part }) => names.includes(part));
  if (held.length === 0) return;
  const listed = held.map(({ part, fault }) => `${part} by ${fault}`).join(', ');
  throw new QbtcError('HELD', `held by a fault of qbtc chaos: ${listed}`, {
    exit: EXIT.findings,
    hint: 'qbtc chaos undo',
  });
}

async function write(root: string, holds: readonly Hold[]): Promise<void> {
  await mkdir(stackFolders(root).state, { recursive: true, mode: 0o700 });
  await writeFileAtomic(file(root), JSON.stringify(holds), { mode: 0o600 });
}
