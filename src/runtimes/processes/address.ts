import { randomBytes } from 'node:crypto';
import { rmdirSync, rmSync, type Stats } from 'node:fs';
import { lstat, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { QbtcError } from '../../errors.ts';
import { STATE_FILES, statePath } from '../../state/index.ts';
import { readState } from './state.ts';

/** `sun_path` holds 108 bytes on Linux and 104 on macOS, the ending zero included. */
const LONGEST_SOCKET_PATH = 103;
const SOCKET = STATE_FILES.socket.file;
const PIPE = '\\\\.\\pipe\\qbtc-';
/** The folder that `mkdtemp` makes: nobody else can enter it, and nobody can know its name. */
const PRIVATE_FOLDER = /^qbtc-[A-Za-z0-9]{6}$/;
/** Write permission of the group and of everybody else. */
const OTHERS_MAY_WRITE = 0o022;

/**
 * Where the supervisor of a stack is to listen: inside the stack; in a new folder of our own in the folder for temporary
 * files, where the stack stands too deep in the tree or others may write to its state; on Windows a named pipe.
 * The supervisor writes it into its state, where `connectAddress` finds it, and gives it back with `releaseAddress`.
 */
export async function listenAddress(root: string, platform = process.platform): Promise<string> {
  if (platform === 'win32') return `${PIPE}${randomBytes(16).toString('hex')}`;
  // A supervisor that was killed could not give its own back.
  const left = await connectAddress(root, platform).catch(() => undefined);
  if (left !== undefined) releaseAddress(left);
  const inside = insideOf(root);
  const folder = await lstat(dirname(inside)).catch(() => undefined);
  const usable = folder !== undefined && isOnlyOfThisAccount(folder) && folder.isDirectory();
  if (usable && Buffer.byteLength(inside) <= LONGEST_SOCKET_PATH) {
    // Whatever stands there would be in the way of ours.
    releaseAddress(inside);
    return inside;
  }
  return join(await mkdtemp(join(tmpdir(), 'qbtc-')), SOCKET);
}

/**
 * Where the supervisor of the stack listens, `undefined` when there is none. Every secret of the stack is sent there:
 * throws `SUPERVISOR_FOREIGN` when the socket or its folder belongs to another account.
 */
export async function connectAddress(root: string, platform = process.platform): Promise<string | undefined> {
  const recorded = await recordedAddress(root);
  if (platform === 'win32') return recorded?.startsWith(PIPE) ? recorded : undefined;
  const inside = insideOf(root);
  // The state is no longer there, or could not be written, while the supervisor runs.
  const candidates = recorded !== undefined && isPrivate(recorded) ? [recorded, inside] : [inside];
  for (const address of candidates) {
    const found = await lstat(address).catch(() => undefined);
    if (found === undefined) continue;
    const folder = await lstat(dirname(address));
    if (found.isSocket() && isOnlyOfThisAccount(folder) && isOfThisAccount(found)) return address;
    throw new QbtcError(
      'SUPERVISOR_FOREIGN',
      `${address} is not a socket that only this account can have made`,
      {
        hint: `run qbtc as the account that started the stack (user id ${found.uid}); delete ${address} if it runs no more`,
      },
    );
  }
  return undefined;
}

/** Removes the socket, and the folder that was made for it. */
export function releaseAddress(address: string, platform = process.platform): void {
  if (platform === 'win32') return;
  rmSync(address, { force: true });
  if (!isPrivate(address)) return;
  try {
    rmdirSync(dirname(address));
  } catch {
    // Gone already, or not empty: then it is not the folder that we made.
  }
}

/** The same address for the supervisor itself, which works in the folder of the state: right also where that is moved. */
export function ownAddress(root: string, address: string): string {
  return address === insideOf(root) ? SOCKET : address;
}

function insideOf(root: string): string {
  return statePath(root, 'socket');
}

/** What a state that we did not write (it came with a clone) may name is narrowed to what `listenAddress` makes. */
function isPrivate(address: string): boolean {
  return (
    isAbsolute(address) && basename(address) === SOCKET && PRIVATE_FOLDER.test(basename(dirname(address)))
  );
}

async function recordedAddress(root: string): Promise<string | undefined> {
  const state: { supervisor?: { socket?: unknown } } | undefined = await readState(root).catch(
    () => undefined,
  );
  const socket = state?.supervisor?.socket;
  return typeof socket === 'string' ? socket : undefined;
}

function isOfThisAccount({ uid }: Stats): boolean {
  return uid === process.getuid?.();
}

function isOnlyOfThisAccount(stats: Stats): boolean {
  return isOfThisAccount(stats) && (stats.mode & OTHERS_MAY_WRITE) === 0;
}
