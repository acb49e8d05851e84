import { dirname, join } from 'node:path';
import type { Stack } from '../../model/stack.ts';
import { statePath } from '../../state/index.ts';

/** Where `qbtc new` puts the compose file, and has git ignore what is written beside it. */
const OWN_FOLDER = 'infrastructure';

/** Where that stands which the compose file is filled in and primed with. */
export interface ComposePlace {
  /** The values of its variables: what `--env-file` names. */
  values: string;
  /** The compose file with the containers of qbtc.yaml in it. */
  merged: string;
  /** `SERVICE.env` for each service, and what a new database and broker begin with. */
  folder: string;
  /** Whether qbtc keeps files beside the compose file. Elsewhere the folder is the user's: all of it is in `.qbtc`. */
  beside: boolean;
}

export function composePlace({ root, composeFile }: Pick<Stack, 'root' | 'composeFile'>): ComposePlace {
  const own = statePath(root, 'compose');
  const beside = dirname(composeFile) === join(root, OWN_FOLDER);
  return {
    values: join(own, '.env'),
    merged: join(own, 'merged.json'),
    folder: join(beside ? dirname(composeFile) : own, 'env'),
    beside,
  };
}
