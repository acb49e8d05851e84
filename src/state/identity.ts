import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import writeFileAtomic from 'write-file-atomic';
import { QbtcError } from '../errors.ts';
import { decode, encode } from './codec.ts';
import { STATE_FILES } from './files.ts';
import { statePath } from './folder.ts';
import { withFileLock } from './lock.ts';

/** Which stack the folder holds, also after it was moved, and apart from copies of it. */
export interface Identity {
  /** Random: a stack that is made anew at the same path is another one. */
  id: string;
  /** What stands in the labels of its containers and in the name of its compose project. */
  place: string;
  /** Where the stack stands; absolute. */
  root: string;
  /** The name under which `up` made its data; `undefined` while there is none. */
  name?: string;
}

/** An identity, and how it came to this folder. */
export interface KnownIdentity extends Identity {
  /** Where the stack stood when it was last written down, if that is elsewhere. */
  movedFrom?: string;
}

/**
 * Who the stack at `root` is; a folder that was never started has no identity yet. One that was copied has none of its
 * own either: what the original runs and keeps is not the copy's. Reads only.
 */
export function readIdentity(root: string): KnownIdentity | undefined {
  const written = load(root);
  if (written === undefined || written.root === root) return written;
  if (load(written.root)?.id === written.id) return undefined;
  return { ...written, root, movedFrom: written.root };
}

/**
 * The identity of the stack, which is written down where it was not; with the name under which its data is made.
 *
 * @throws QbtcError `IDENTITY_UNREADABLE`: under a new one what Docker keeps of a stack that was moved would begin empty
 */
export function ensureIdentity(root: string, changes: Pick<Identity, 'name'> = {}): Promise<Identity> {
  return change(root, () => {
    const known = readIdentity(root) ?? { id: randomBytes(8).toString('hex'), place: placeOfPath(root) };
    const { id, place, name } = { ...known, ...changes } as Identity;
    return { id, place, root, ...(name === undefined ? {} : { name }) };
  });
}

/** The data of the stack is gone: another name may be given to it. */
export async function forgetName(root: string): Promise<void> {
  if (readIdentity(root)?.name === undefined) return;
  await change(root, (written) => {
    const { name: _, ...rest } = written ?? { id: '', place: '', root };
    return rest;
  });
}

async function change(root: string, make: (written: Identity | undefined) => Identity): Promise<Identity> {
  const file = fileOf(root);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  return withFileLock(file, async () => {
    const written = load(root);
    if (written === undefined && existsSync(file)) {
      const { code, hint } = STATE_FILES.identity.damaged;
      throw new QbtcError(code, `${file} cannot be used: it is damaged`, { hint });
    }
    const identity = make(written);
    if (!isDeepStrictEqual(identity, written)) await writeFileAtomic(file, encode(identity), { mode: 0o600 });
    return identity;
  });
}

/** Where a stack first stood, as it stands in labels: it can be told without reading anything of it. */
export function placeOfPath(root: string): string {
  return createHash('sha256').update(root).digest('hex').slice(0, 12);
}

const fileOf = (root: string) => statePath(root, 'identity');

/** Read at once, and without waiting: it is asked for in the middle of everything. One that is damaged says nothing. */
function load(root: string): Identity | undefined {
  try {
    const value = decode(readFileSync(fileOf(root), 'utf8')) as Partial<Record<keyof Identity, unknown>>;
    const { id, place, root: written, name } = value;
    if (typeof id !== 'string' || typeof place !== 'string' || typeof written !== 'string') return undefined;
    return { id, place, root: written, ...(typeof name === 'string' ? { name } : {}) };
  } catch {
    return undefined;
  }
}
