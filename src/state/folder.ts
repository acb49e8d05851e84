import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The folder inside the stack that holds everything of its running state. */
export const STATE_FOLDER = '.qbtc';

export function stateFolder(root: string): string {
  return join(root, STATE_FOLDER);
}

/** Makes the folder where it is missing; only its owner may look into it. */
export async function makeStateFolder(root: string): Promise<void> {
  await mkdir(stateFolder(root), { recursive: true, mode: 0o700 });
}
