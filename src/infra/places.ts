import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { stackFolders } from './folders.ts';

/** The file in a place that names the root of the stack whose it is. */
const STAMP = '.stack';
/** The name of the stack and eight random hexadecimal digits. */
const PLACE_NAME = /^[a-z][a-z0-9-]*-[0-9a-f]{8}$/;

/** The ledger of folders outside the stack that hold its data; `down --volumes` removes them. */
function ledger(root: string): string {
  return join(stackFolders(root).state, 'places.json');
}

/** Where programs keep state that is the machine's, not a user's; any account can reach it. */
function systemStateFolder(): string {
  return process.platform === 'darwin' ? '/usr/local/var/qbtc' : '/var/lib/qbtc';
}

/**
 * The places that the ledger names, apart by whose they are. The ledger stands in the stack, so a clone may bring one
 * along that names any folder: ours is only what stands in qbtc's folder for state and carries this stack's stamp.
 */
async function readPlaces(root: string, stateFolder: string): Promise<{ ours: string[]; foreign: string[] }> {
  const text = await readFile(ledger(root), 'utf8').catch(() => '[]');
  const named = parseLedger(text);
  const ours: string[] = [];
  for (const place of named) if (await isOurs(place, root, stateFolder)) ours.push(place);
  return { ours, foreign: named.filter((place) => !ours.includes(place)) };
}

function parseLedger(text: string): string[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value)
      ? value.map((entry) => (typeof entry === 'string' ? entry : JSON.stringify(entry)))
      : [];
  } catch {
    return [];
  }
}

async function isOurs(place: string, root: string, stateFolder: string): Promise<boolean> {
  if (resolve(place) !== place || dirname(place) !== stateFolder || !PLACE_NAME.test(basename(place)))
    return false;
  const stamped = await readFile(join(place, STAMP), 'utf8').catch(() => undefined);
  if (stamped === root) return true;
  // A kill came between the ledger and the stamp.
  if (stamped === undefined) return (await readdir(place).catch(() => [])).length === 0;
  // The stack was moved since; a copy of it keeps its hands off the original's data.
  return !(await exists(stamped));
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
 * before it is made, so that a crash cannot hide it.
 */
export async function placeOutside(
  root: string,
  stackName: string,
  stateFolder = systemStateFolder(),
): Promise<string> {
  const { ours } = await readPlaces(root, stateFolder);
  let place = ours.find((known) => nameOf(known) === stackName);
  if (place === undefined) {
    place = join(stateFolder, `${stackName}-${randomBytes(4).toString('hex')}`);
    await writeFileAtomic(ledger(root), JSON.stringify([...ours, place]), { mode: 0o600 });
  }
  await mkdir(place, { recursive: true, mode: 0o755 });
  await writeFileAtomic(join(place, STAMP), root);
  return place;
}

/** The folder that `placeOutside` would answer with, if it is there. */
export async function knownPlace(
  root: string,
  stackName: string,
  stateFolder = systemStateFolder(),
): Promise<string | undefined> {
  const { ours } = await readPlaces(root, stateFolder);
  return ours.find((known) => nameOf(known) === stackName);
}

/** The name of the stack, without the random end. */
function nameOf(place: string): string {
  return basename(place).slice(0, -9);
}

/** What the ledger names and `removeVolumes` leaves alone, because it is not this stack's. */
export async function foreignPlaces(root: string, stateFolder = systemStateFolder()): Promise<string[]> {
  return (await readPlaces(root, stateFolder)).foreign;
}

/** Removes all data of the stack, wherever it stands. Answers with the folders that were removed. */
export async function removeVolumes(root: string, stateFolder = systemStateFolder()): Promise<string[]> {
  const { ours } = await readPlaces(root, stateFolder);
  const folders = [...ours, stackFolders(root).data];
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
  // The folder above is shared by the stacks of this machine: the last one takes it along.
  if (ours.length > 0) await rmdir(stateFolder).catch(() => {});
  await rm(ledger(root), { force: true });
  return folders;
}
