import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, QbtcError } from '../errors.ts';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** 192 bits: nobody guesses it, and its 48 hexadecimal digits mean themselves in every URL, shell and file. */
const SECRET_BYTES = 24;
/** Writing takes milliseconds: a lock this old was left by a process that is gone. */
const LOCK_STALE_MS = 5_000;
const LOCK_RETRY_MS = 20;

/** `.qbtc/secrets.json` of the stack. */
export function secretsFile(root: string): string {
  return join(root, '.qbtc', 'secrets.json');
}

/**
 * The stack's secrets by name, after generating those of `names` that are missing. The others are left as they are.
 * Two processes that do this at once get the same values.
 * @throws QbtcError SECRETS_UNREADABLE when the file is there but cannot be understood: it is never overwritten.
 */
export async function ensureSecrets(root: string, names: readonly string[]): Promise<Record<string, string>> {
  const file = secretsFile(root);
  const known = await readSecrets(root);
  if (known !== undefined && names.every((name) => Object.hasOwn(known, name))) {
    await keepPrivate(file);
    return known;
  }
  await prepareFolder(root);
  return await locked(`${file}.lock`, async () => {
    const current = (await readSecrets(root)) ?? {};
    const missing = names.filter((name) => !Object.hasOwn(current, name));
    const secrets = {
      ...current,
      ...Object.fromEntries(missing.map((name) => [name, generateSecret(name)])),
    };
    await writeAtomically(file, `${JSON.stringify(secrets, null, 2)}\n`);
    return secrets;
  });
}

/**
 * The secrets that the stack has; `undefined` when it has none yet.
 * @throws QbtcError SECRETS_UNREADABLE
 */
export async function readSecrets(root: string): Promise<Record<string, string> | undefined> {
  const file = secretsFile(root);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    const hint = hasCode(error, 'EACCES') ? await accessHint(file) : undefined;
    throw unreadable(file, `it cannot be read: ${messageOf(error)}`, { cause: error, hint });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, and the text is secret.
    throw unreadable(file, 'it is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw unreadable(file, 'it is not a JSON object');
  }
  for (const [name, secret] of Object.entries(value)) {
    if (typeof secret !== 'string' || secret === '') {
      throw unreadable(file, `the value of "${name}" is not text, or is empty`);
    }
  }
  return value as Record<string, string>;
}

/**
 * Puts new values in the place of some; the others are left as they are.
 * @throws QbtcError SECRETS_UNREADABLE, SECRETS_NOT_WRITTEN
 */
export async function replaceSecrets(root: string, values: Readonly<Record<string, string>>): Promise<void> {
  const file = secretsFile(root);
  await locked(`${file}.lock`, async () => {
    const secrets = { ...(await readSecrets(root)), ...values };
    await writeAtomically(file, `${JSON.stringify(secrets, null, 2)}\n`);
  });
}

/** Values that are about to be put in the place of the present ones: written down before a server learns them. */
export interface PendingSecret {
  name: string;
  value: string;
}

/** What a rotation that did not come to its end left behind; `undefined` when there is none. */
export async function readPending(root: string): Promise<PendingSecret | undefined> {
  try {
    return JSON.parse(await readFile(pendingFile(root), 'utf8')) as PendingSecret;
  } catch {
    return undefined;
  }
}

export async function writePending(root: string, pending: PendingSecret): Promise<void> {
  await writeAtomically(pendingFile(root), JSON.stringify(pending));
}

export async function removePending(root: string): Promise<void> {
  await rm(pendingFile(root), { force: true });
}

function pendingFile(root: string): string {
  return join(root, '.qbtc', 'secrets.pending.json');
}

/** A key that clients send can be told by its prefix when it turns up in a log or a commit; a password has none. */
export function generateSecret(name: string): string {
  const random = randomBytes(SECRET_BYTES).toString('hex');
  return /(^|-)key$/.test(name) ? `qbtc_${random}` : random;
}

/** What to do about a file that is there and whole, but not for this account. */
async function accessHint(file: string): Promise<string | undefined> {
  // In a folder that is closed to us the file itself cannot be looked at: its owner is the folder's.
  const { uid } = (await stat(file).catch(() => stat(dirname(file)).catch(() => undefined))) ?? {};
  const own = process.geteuid?.();
  if (uid === undefined || own === undefined) return undefined;
  if (uid === own) return `Make it readable again: chmod u+rwx "${dirname(file)}" && chmod u+rw "${file}"`;
  return `It belongs to another account (uid ${uid}, this one is ${own}), as after "sudo qbtc". Run qbtc as that account, or take the folder over: sudo chown -R ${own} "${dirname(file)}"`;
}

function unreadable(
  file: string,
  why: string,
  { cause, hint }: { cause?: unknown; hint?: string | undefined } = {},
): QbtcError {
  return new QbtcError('SECRETS_UNREADABLE', `The secrets of the stack cannot be used: ${why}`, {
    details: [file],
    hint:
      hint ??
      `Restore ${file} from a backup. Only if there is none: delete it, run "qbtc down --volumes", and new secrets are generated.`,
    cause,
  });
}

async function prepareFolder(root: string): Promise<void> {
  const folder = join(root, '.qbtc');
  try {
    await mkdir(folder, { mode: FOLDER_MODE, recursive: true });
    await chmod(folder, FOLDER_MODE);
    // Also where the stack's own .gitignore does not know us.
    await writeFile(join(folder, '.gitignore'), '*\n', { flag: 'wx' });
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return;
    throw notWritable(folder, error);
  }
}

async function keepPrivate(file: string): Promise<void> {
  if (process.platform === 'win32') return;
  const { mode } = await stat(file);
  // A copy or a checkout may have opened it; on a file of somebody else we cannot change that.
  if ((mode & 0o077) !== 0) await chmod(file, FILE_MODE).catch(() => {});
}

/** A reader sees the old file or the new one, whole, also after a power cut. */
async function writeAtomically(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const handle = await open(temporary, 'wx', FILE_MODE);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw notWritable(file, error);
  }
}

/** Only one process at a time does `work`. */
async function locked<T>(lock: string, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      await (await open(lock, 'wx', FILE_MODE)).close();
      break;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw notWritable(lock, error);
      const made = await stat(lock).catch(() => undefined);
      if (made !== undefined && Date.now() - made.mtimeMs > LOCK_STALE_MS) await rm(lock, { force: true });
      else await sleep(LOCK_RETRY_MS);
    }
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
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
