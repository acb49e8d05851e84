import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import * as z from 'zod';
import { QbtcError } from '../errors.ts';
import { stackFolders } from '../state/folders.ts';
import { ensureIdentity, readIdentity, stateFile, statePath, withFileLock } from '../state/index.ts';
import { removeTree } from './account.ts';

/** The file in a place that names the stack whose it is. */
const STAMP = '.stack';
/** The name of the stack and eight random hexadecimal digits. */
const PLACE_NAME = /^[a-z][a-z0-9-]*-[0-9a-f]{8}$/;

/** The ledger of folders outside the stack that hold its data; `down --volumes` removes them. */
const ledger = stateFile<unknown[]>('places', z.array(z.unknown()), []);

/** Where programs keep state that is the machine's, not a user's; any account can reach it. */
function systemStateFolder(): string {
  return process.platform === 'darwin' ? '/usr/local/var/qbtc' : '/var/lib/qbtc';
}

/** Whose a place is: where that stack stood, and which one it was (a stamp of an earlier version does not say). */
interface Stamp {
  root: string;
  id?: string;
}

async function readStamp(place: string): Promise<Stamp | undefined> {
  const text = await readFile(join(place, STAMP), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const [root = '', id] = text.split('\n');
  return { root, ...(id === undefined || id === '' ? {} : { id }) };
}

/** What the ledger names, and what stands in qbtc's folder for state, apart by whose it is. */
interface DataPlaces {
  /** Of this stack. */
  ours: string[];
  /** Named by the ledger, and not of this stack. The ledger stands in the stack: a clone may bring along any. */
  foreign: string[];
  /** Data of an earlier stack that stood where this one does. */
  earlier: string[];
  /** Data of this identity that another folder has, by place: one of the two is a copy of the other. */
  shared: Map<string, string>;
}

/** Reads the ledger and the stamps: either tells which places are ours where the other one is lost. */
async function sort(root: string, stateFolder: string, named: readonly unknown[]): Promise<DataPlaces> {
  const found = (await readdir(stateFolder).catch(() => []))
    .filter((name) => PLACE_NAME.test(name))
    .map((name) => join(stateFolder, name));
  const listed = named.map((entry) => (typeof entry === 'string' ? entry : JSON.stringify(entry)));
  const identity = readIdentity(root);
  const ours: string[] = [];
  const earlier: string[] = [];
  const shared = new Map<string, string>();
  for (const place of new Set([...listed, ...found])) {
    if (resolve(place) !== place || dirname(place) !== stateFolder || !PLACE_NAME.test(basename(place)))
      continue;
    const stamp = await readStamp(place);
    if (stamp !== undefined && hasMoved(stamp, root)) {
      if (stamp.id === identity?.id) shared.set(place, stamp.root);
    } else if (stamp?.id !== undefined && stamp.id === identity?.id) ours.push(place);
    else if (listed.includes(place) && (await isNamedRightly(place, stamp, root))) ours.push(place);
    else if (stamp?.root === root) earlier.push(place);
  }
  return { ours, foreign: listed.filter((place) => !ours.includes(place)), earlier, shared };
}

/** The stack that the stamp names stands elsewhere and has its identity still: `root` is a copy, however it is told. */
function hasMoved({ root: stamped, id }: Stamp, root: string): boolean {
  return stamped !== root && id !== undefined && readIdentity(stamped)?.id === id;
}

async function isNamedRightly(place: string, stamp: Stamp | undefined, root: string): Promise<boolean> {
  // A kill came between the ledger and the stamp.
  if (stamp === undefined) return (await readdir(place).catch(() => [])).length === 0;
  if (stamp.root === root) return true;
  // The stack was moved since; a copy of it keeps its hands off the original's data.
  return !(await exists(stamp.root));
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
}

/**
 * A folder outside the stack at `root` that any account can reach: the one that is written down, or a new one. Its end
 * is random, so that a stack that is made anew at the same path never meets the data of the old one. It is written down
 * before it is made, so that a crash cannot hide it. Of several that ask at once all get the same one.
 *
 * @throws QbtcError `PLACES_UNREADABLE`; `STACK_COPIED` when another folder with the same identity has the data
 */
export async function placeOutside(
  root: string,
  stackName: string,
  stateFolder = systemStateFolder(),
): Promise<string> {
  const { id } = await ensureIdentity(root);
  // Held until the stamp stands: who comes in between could not tell whose the place is.
  return withFileLock(`${ledger.path(root)}.stamp`, async () => {
    const { ours, shared } = await sort(root, stateFolder, await ledger.read(root));
    if (ours.length === 0) refuseCopy(root, shared);
    const place =
      ours.find((known) => nameOf(known) === stackName) ??
      join(stateFolder, `${stackName}-${randomBytes(4).toString('hex')}`);
    await ledger.change(root, () => [...new Set([...ours, place])]);
    await mkdir(place, { recursive: true, mode: 0o755 });
    await writeFileAtomic(join(place, STAMP), `${root}\n${id}`);
    return place;
  });
}

/** To begin empty without a word would be wrong: nobody but the user knows which of the two is the copy. */
function refuseCopy(root: string, shared: ReadonlyMap<string, string>): void {
  for (const [place, other] of shared) {
    throw new QbtcError('STACK_COPIED', `the data of this stack (${place}) is that of ${other}, too`, {
      details: [`${root} and ${other} are one stack, copied: both say so in .qbtc/stack.json`],
      hint: `if this one is the copy, let it be a stack of its own, which begins empty: rm "${statePath(root, 'identity')}"`,
    });
  }
}

/** The folder that `placeOutside` would answer with, if it is there. */
export async function knownPlace(
  root: string,
  stackName: string,
  stateFolder = systemStateFolder(),
): Promise<string | undefined> {
  const { ours } = await sort(root, stateFolder, await ledger.read(root));
  return ours.find((known) => nameOf(known) === stackName);
}

/** The name of the stack, without the random end. */
function nameOf(place: string): string {
  return basename(place).slice(0, -9);
}

/** Data that an earlier stack at `root` left: its ledger and its secrets are gone. */
export async function earlierPlaces(root: string, stateFolder = systemStateFolder()): Promise<string[]> {
  return (await sort(root, stateFolder, await ledger.read(root))).earlier;
}

/** Data outside the stack that `removeVolumes` leaves alone: the ledger names it, or an earlier stack here left it. */
export async function foreignPlaces(root: string, stateFolder = systemStateFolder()): Promise<string[]> {
  const { foreign, earlier } = await sort(root, stateFolder, await ledger.read(root).catch(() => []));
  return [...new Set([...foreign, ...earlier])];
}

/** Removes all data of the stack, wherever it stands. Answers with the folders that were removed. */
export async function removeVolumes(root: string, stateFolder = systemStateFolder()): Promise<string[]> {
  // One that is damaged keeps nobody from removing what carries the stamp.
  const { ours } = await sort(root, stateFolder, await ledger.read(root).catch(() => []));
  const folders = [...ours, stackFolders(root).data];
  for (const folder of folders) await removeTree(folder);
  // The folder above is shared by the stacks of this machine: the last one takes it along.
  if (ours.length > 0) await rmdir(stateFolder).catch(() => {});
  await ledger.remove(root);
  return folders;
}
