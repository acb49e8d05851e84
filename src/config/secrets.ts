import { randomBytes } from 'node:crypto';
import { chmod, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { messageOf, QbtcError } from '../errors.ts';
import { makeStateFolder, stateFile, stateFolder, statePath } from '../state/index.ts';

const FILE_MODE = 0o600;
/** 192 bits: nobody guesses it, and its 48 hexadecimal digits mean themselves in every URL, shell and file. */
const SECRET_BYTES = 24;

type Secrets = Record<string, string>;

const file = stateFile<Secrets | undefined>(
  'secrets',
  z.record(z.string(), z.string().min(1)).optional(),
  undefined,
);

/** `.qbtc/secrets.json` of the stack. */
export const secretsFile = (root: string): string => file.path(root);

/**
 * The stack's secrets by name, after generating those of `names` that are missing. The others are left as they are.
 * Two processes that do this at once get the same values.
 *
 * @throws QbtcError SECRETS_UNREADABLE when the file is there but cannot be understood: it is never overwritten;
 *   SECRETS_MISSING when one is gone, but not the data that was made with it
 */
export async function ensureSecrets(root: string, names: readonly string[]): Promise<Secrets> {
  const known = await readSecrets(root);
  if (known !== undefined && names.every((name) => Object.hasOwn(known, name))) {
    await keepPrivate(secretsFile(root));
    return known;
  }
  await refuseOrphanedData(
    root,
    names.filter((name) => !Object.hasOwn(known ?? {}, name)),
  );
  await prepareFolder(root);
  return await changed(root, (current) => {
    const missing = names.filter((name) => !Object.hasOwn(current, name));
    return { ...current, ...Object.fromEntries(missing.map((name) => [name, generateSecret(name)])) };
  });
}

/**
 * The secrets that the stack has; `undefined` when it has none yet.
 * @throws QbtcError SECRETS_UNREADABLE
 */
export async function readSecrets(root: string): Promise<Secrets | undefined> {
  try {
    return await file.read(root);
  } catch (error) {
    const { cause } = error as { cause?: unknown };
    if (!(error instanceof QbtcError) || !hasCode(cause, 'EACCES')) throw error;
    const hint = await accessHint(secretsFile(root));
    throw new QbtcError(error.code, error.message, {
      ...((hint ?? error.hint) === undefined ? {} : { hint: hint ?? error.hint ?? '' }),
      cause: error,
    });
  }
}

/**
 * Puts new values in the place of some; the others are left as they are.
 * @throws QbtcError SECRETS_UNREADABLE, SECRETS_NOT_WRITTEN
 */
export async function replaceSecrets(root: string, values: Readonly<Secrets>): Promise<void> {
  await changed(root, (current) => ({ ...current, ...values }));
}

async function changed(root: string, change: (current: Secrets) => Secrets): Promise<Secrets> {
  try {
    return (await file.change(root, (current) => change(current ?? {}))) ?? {};
  } catch (error) {
    throw error instanceof QbtcError && error.code === 'STATE_NOT_WRITABLE'
      ? notWritable(secretsFile(root), error)
      : error;
  }
}

/**
 * What people are asked for is never made up.
 * @throws QbtcError SECRETS_ASKED with where each is to be had from
 */
export function refuseUnknown(asked: Readonly<Record<string, string>>, known: Readonly<Secrets>): void {
  const missing = Object.keys(asked).filter((name) => !Object.hasOwn(known, name));
  if (missing.length === 0) return;
  throw new QbtcError('SECRETS_ASKED', `this checkout does not have ${missing.join(', ')} yet`, {
    details: missing.map((name) => `${name}: ${asked[name]}`),
    hint: missing.map((name) => `qbtc secrets set ${name}`).join(' && '),
  });
}

/** Servers know the secrets that they were made with: new ones would lock the stack out of its own data. */
async function refuseOrphanedData(root: string, missing: readonly string[]): Promise<void> {
  const data = statePath(root, 'data');
  const folders = await Promise.all(
    (await readdir(data).catch(() => [])).map(async (part) => ({
      part,
      secret: `${part}-password`,
      filled: (await readdir(join(data, part)).catch(() => [])).length > 0,
    })),
  );
  const orphaned = folders.filter(({ filled, secret }) => filled && missing.includes(secret));
  if (orphaned.length === 0) return;
  const lost = orphaned.map(({ secret }) => secret).join(', ');
  throw new QbtcError(
    'SECRETS_MISSING',
    `${secretsFile(root)} has lost ${lost}, but there is data that was made with it`,
    {
      details: orphaned.map(({ part }) => `data of ${part}: ${join(data, part)}`),
      hint: 'Restore it from a backup. Only if there is none: "qbtc down --volumes" deletes that data, and new secrets are generated then.',
    },
  );
}

/** Values that are about to be put in the place of the present ones: written down before a server learns them. */
export interface PendingSecret {
  name: string;
  value: string;
}

const pending = stateFile<PendingSecret | undefined>(
  'pendingSecret',
  z.object({ name: z.string().min(1), value: z.string().min(1) }).optional(),
  undefined,
);

/**
 * What a rotation that did not come to its end left behind; `undefined` when there is none.
 * @throws QbtcError SECRETS_UNREADABLE: a server may know the value that it held
 */
export const readPending = (root: string): Promise<PendingSecret | undefined> => pending.read(root);
export const writePending = (root: string, made: PendingSecret): Promise<void> => pending.write(root, made);
export const removePending = (root: string): Promise<void> => pending.remove(root);

/** A key that clients send can be told by its prefix when it turns up in a log or a commit; a password has none. */
export function generateSecret(name: string): string {
  const random = randomBytes(SECRET_BYTES).toString('hex');
  return /(^|-)key$/.test(name) ? `qbtc_${random}` : random;
}

/** What to do about a file that is there and whole, but not for this account. */
async function accessHint(path: string): Promise<string | undefined> {
  // In a folder that is closed to us the file itself cannot be looked at: its owner is the folder's.
  const { uid } = (await stat(path).catch(() => stat(dirname(path)).catch(() => undefined))) ?? {};
  const own = process.geteuid?.();
  if (uid === undefined || own === undefined) return undefined;
  if (uid === own) return `Make it readable again: chmod u+rwx "${dirname(path)}" && chmod u+rw "${path}"`;
  return `It belongs to another account (uid ${uid}, this one is ${own}), as after "sudo qbtc". Run qbtc as that account, or take the folder over: sudo chown -R ${own} "${dirname(path)}"`;
}

/**
 * Makes `.qbtc`, for its owner alone and ignored by git wherever the stack stands.
 * @throws QbtcError SECRETS_NOT_WRITTEN
 */
export async function prepareFolder(root: string): Promise<void> {
  try {
    await makeStateFolder(root);
  } catch (error) {
    throw notWritable(stateFolder(root), error);
  }
}

async function keepPrivate(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const { mode } = await stat(path);
  // A copy or a checkout may have opened it; on a file of somebody else we cannot change that.
  if ((mode & 0o077) !== 0) await chmod(path, FILE_MODE).catch(() => {});
}

function notWritable(path: string, cause: unknown): QbtcError {
  return new QbtcError('SECRETS_NOT_WRITTEN', `The secrets cannot be written: ${messageOf(cause)}`, {
    hint: `Make ${path} writable and see that the disk is not full.`,
    cause,
  });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
