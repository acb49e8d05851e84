import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Account, Grant } from './access/accounts.ts';
import type { Policy } from './policies.ts';
import type { VhostLimits } from './virtual-host.ts';

/** A virtual host without what is in it. */
export interface VhostDefinition {
  name: string;
  description: string;
  tags: string[];
  limits: VhostLimits;
  policies: Policy[];
}

/** What an operator has set up besides exchanges, queues and bindings. */
export interface Definitions {
  vhosts: VhostDefinition[];
  accounts: Account[];
  grants: Grant[];
}

/** Keeps the definitions across restarts. They change rarely: each time the whole file is replaced, on the disk. */
export interface DefinitionsFile {
  /** What an earlier broker has left; `undefined` when there was none. */
  read(): Definitions | undefined;
  write(definitions: Definitions): void;
}

const NAME = 'definitions.json';

/** @param folder exists, or is created before the first write */
export function definitionsFile(folder: string): DefinitionsFile {
  const path = join(folder, NAME);
  return {
    read() {
      let text: string;
      try {
        text = readFileSync(path, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
      return JSON.parse(text) as Definitions;
    },
    write: (definitions) => writeFileAtomic.sync(path, JSON.stringify(definitions), { mode: 0o600 }),
  };
}

/** For a broker that keeps nothing. */
export const noDefinitionsFile: DefinitionsFile = { read: () => undefined, write: () => undefined };
