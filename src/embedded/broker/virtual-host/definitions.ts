import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { messageOf } from '../../../errors.ts';
import { isRecord } from '../../../record.ts';
import { checkedLine, uncheckedLine } from '../../storage/checked-line.ts';
import type { Damage } from '../../storage/damage.ts';
import type { Account, Grant } from '../access/accounts.ts';
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
  /** Name and value. Left out in older files. */
  globalParameters?: [string, unknown][];
}

/** What was found: definitions, none, or what is wrong with them. */
export type FoundDefinitions = { definitions: Definitions | undefined } | { damage: Damage };

/** Keeps the definitions across restarts. They change rarely: each time the whole file is replaced, on the disk. */
export interface DefinitionsFile {
  /** What an earlier broker has left. `isExpected`: there was a file. Throws the errors of the system. */
  read(isExpected: boolean): FoundDefinitions;
  /** Whether there is a file, whatever is in it. */
  exists(): boolean;
  write(definitions: Definitions): void;
}

const NAME = 'definitions.json';

/** @param folder exists, or is created before the first write */
export function definitionsFile(folder: string): DefinitionsFile {
  const path = join(folder, NAME);
  return {
    read(isExpected) {
      const because = 'users, permissions, policies and virtual hosts were in it';
      try {
        return parse(path, readFileSync(path, 'utf8'));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        return isExpected ? { damage: { kind: 'missing', file: path, because } } : { definitions: undefined };
      }
    },
    exists: () => existsSync(path),
    write: (definitions) =>
      writeFileAtomic.sync(path, `${checkedLine(JSON.stringify(definitions))}\n`, { mode: 0o600 }),
  };
}

function parse(file: string, text: string): FoundDefinitions {
  // Earlier versions wrote no end of line and no checksum.
  const json = uncheckedLine(text.replace(/\n$/, ''));
  const wrong = (reason: string): FoundDefinitions => ({ damage: { kind: 'wrong', file, reason } });
  if (json === undefined) return wrong('its checksum does not fit: it was changed or cut off');
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    return wrong(`it is no JSON: ${messageOf(error)}`);
  }
  if (!isRecord(value)) return wrong('it holds no definitions');
  for (const list of ['vhosts', 'accounts', 'grants']) {
    const found = value[list];
    if (!Array.isArray(found) || !found.every(isRecord)) return wrong(`its "${list}" is no list of objects`);
  }
  return { definitions: value as unknown as Definitions };
}

/** For a broker that keeps nothing. */
export const noDefinitionsFile: DefinitionsFile = {
  read: () => ({ definitions: undefined }),
  exists: () => false,
  write: () => undefined,
};
