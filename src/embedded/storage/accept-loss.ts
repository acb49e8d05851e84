import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ACCEPT_LOSS_FILE } from '../../model/accept-loss.ts';

/**
 * Whether a person has said that this start may go on without what is damaged: by the configuration, by the option
 * `--accept-loss` of the program, or by `qbtc up --accept-loss`, which leaves a file in the data folder. The file is
 * taken away: the word counts once.
 */
export function acceptsLoss(dataFolder: string | undefined, configured: boolean | undefined): boolean {
  const said = configured === true || process.argv.includes('--accept-loss');
  if (dataFolder === undefined) return said;
  const path = join(dataFolder, ACCEPT_LOSS_FILE);
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return said;
  rmSync(path, { force: true });
  return true;
}
