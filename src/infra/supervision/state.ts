import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { messageOf, QbtcError } from '../../errors.ts';
import type { SupervisorState } from './protocol.ts';

/** The folder inside the stack that holds everything of its running state. */
export const STATE_FOLDER = '.qbtc';

export function stateFile(root: string): string {
  return join(root, STATE_FOLDER, 'state.json');
}

/** The last state that a supervisor wrote, also when it has crashed since; `undefined` when there was none. */
export async function readState(root: string): Promise<SupervisorState | undefined> {
  const file = stateFile(root);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as SupervisorState;
  } catch (error) {
    throw new QbtcError('STATE_UNREADABLE', `${file} is not JSON: ${messageOf(error)}`, {
      hint: `look for processes of this stack by hand, then delete ${file}`,
    });
  }
}

export async function writeState(root: string, state: SupervisorState): Promise<void> {
  await writeFileAtomic(stateFile(root), `${JSON.stringify(state, undefined, 2)}\n`, {
    mode: 0o600,
    fsync: false,
  });
}
