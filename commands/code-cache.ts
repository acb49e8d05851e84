import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import v8 from 'node:v8';
import type { Script } from 'node:vm';
import { crc32 } from 'node:zlib';
import { cacheFolder } from '../src/state/cache.ts';

export interface CodeCache {
  /** Compiles a script with what is kept of it. */
  compiled(name: string, compile: (cachedData: Buffer | undefined) => Script): Script;
}

/** Where the code of each script stands behind the index: first byte and length. */
type Index = Record<string, [number, number]>;

const NUMBER_BYTES = 4;
/** sysexits(3), as in `src/errors.ts`, which is not loaded this early: such a command has not run. */
const USAGE = 64;

/**
 * The code cache of one command: it holds the functions that the command has called when it ran first. Whatever is wrong
 * with it, the command runs, and makes it anew at its end.
 *
 * @param main the script that is loaded first, by whose name all others are known
 */
export function openCodeCache(
  scripts: string,
  main: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
): CodeCache {
  const folder = join(cacheFolder(env), 'code');
  // Stack traces name the scripts where they stood when the cache was made.
  const place = crc32(scripts).toString(16);
  const command = words.find((word) => /^[a-z]+$/.test(word)) ?? 'none';
  // Another version of Node, another processor or other flags make another cache.
  const name = `${place}-${main}-${v8.cachedDataVersionTag()}-${command}`;
  const kept = read(join(folder, name));
  const used = new Map<string, Script>();
  let isWhole = true;
  process.once('exit', (code) => {
    if (isWhole || code === USAGE) return;
    const made = [...used].map(([script, each]) => [script, each.createCachedData()] as const);
    write(folder, name, new Map([...kept, ...made]));
    forget(folder, place, main);
  });
  return {
    compiled(script, compile) {
      const cached = kept.get(script);
      const made = compile(cached);
      if (cached === undefined || made.cachedDataRejected === true) isWhole = false;
      used.set(script, made);
      return made;
    },
  };
}

/** What is kept, by script; nothing where there is none, it is damaged, or somebody else may have written it. */
function read(file: string): ReadonlyMap<string, Buffer> {
  try {
    const bytes = readOwn(file);
    const rest = bytes.subarray(NUMBER_BYTES);
    // V8 itself takes damaged code for whole.
    if (crc32(rest) !== bytes.readUInt32LE(0)) return new Map();
    const begin = NUMBER_BYTES + rest.readUInt32LE(0);
    const index = JSON.parse(rest.toString('utf8', NUMBER_BYTES, begin)) as Index;
    return new Map(
      Object.entries(index).map(([script, [at, length]]) => [
        script,
        rest.subarray(begin + at, begin + at + length),
      ]),
    );
  } catch {
    return new Map();
  }
}

function readOwn(file: string): Buffer {
  const descriptor = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    const { uid, mode } = fstatSync(descriptor);
    // It is run: nobody else may have had a hand in it.
    if (!isOurs(uid) || (mode & 0o022) !== 0) throw new Error('it is not ours alone');
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

const isOurs = (uid: number) => process.geteuid === undefined || uid === process.geteuid();

/** Puts it in the place of what was there. That it cannot be kept is no reason for anything. */
function write(folder: string, name: string, code: ReadonlyMap<string, Buffer>): void {
  const unfinished = join(folder, `${name}.${process.pid}`);
  try {
    // Who runs a command as root, with the home folder of somebody else, leaves nothing of root's there.
    if (!isOurs(ownerAbove(folder))) return;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(unfinished, bytesOf(code), { mode: 0o600 });
    renameSync(unfinished, join(folder, name));
  } catch {
    // A folder that cannot be written, or a full disk: the next time all is compiled again.
    remove(unfinished);
  }
}

function remove(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // It was not made, or it stays.
  }
}

function bytesOf(code: ReadonlyMap<string, Buffer>): Buffer {
  const index: Index = {};
  let at = 0;
  for (const [script, { length }] of code) {
    index[script] = [at, length];
    at += length;
  }
  const head = Buffer.from(JSON.stringify(index));
  const rest = Buffer.concat([numbered(head.length), head, ...code.values()]);
  return Buffer.concat([numbered(crc32(rest)), rest]);
}

function numbered(value: number): Buffer {
  const bytes = Buffer.alloc(NUMBER_BYTES);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Whose the folder is, or the nearest one above that is there. */
function ownerAbove(folder: string): number {
  const uid = statSync(folder, { throwIfNoEntry: false })?.uid;
  return uid ?? ownerAbove(dirname(folder));
}

/** Removes what another version at this place has left. */
function forget(folder: string, place: string, main: string): void {
  try {
    for (const name of readdirSync(folder))
      if (name.startsWith(`${place}-`) && !name.startsWith(`${place}-${main}-`)) remove(join(folder, name));
  } catch {
    // It is tried again at the next start of another version.
  }
}
