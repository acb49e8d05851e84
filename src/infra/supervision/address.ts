import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STATE_FOLDER } from './state.ts';

/** `sun_path` holds 108 bytes on Linux and 104 on macOS, the ending zero included. */
const LONGEST_SOCKET_PATH = 103;

/**
 * Where the supervisor of a stack listens: inside the stack; for a stack too deep in the tree in the folder for
 * temporary files; on Windows a named pipe.
 */
export function socketAddress(root: string, platform: NodeJS.Platform = process.platform): string {
  const digest = createHash('sha256').update(root).digest('hex').slice(0, 16);
  if (platform === 'win32') return `\\\\.\\pipe\\qbtc-${digest}`;
  const inside = join(root, STATE_FOLDER, 'supervisor.sock');
  return Buffer.byteLength(inside) <= LONGEST_SOCKET_PATH ? inside : join(tmpdir(), `qbtc-${digest}.sock`);
}
