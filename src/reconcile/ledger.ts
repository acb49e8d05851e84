import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import * as z from 'zod';
import { messageOf, QbtcError } from '../errors.ts';

/**
 * What is ours although it can carry no label: names such as `global_rule/limits`. A name is written down before its
 * object is created, so that a kill in between never leaves an object that nobody owns.
 */
export interface Ledger {
  has(name: string): boolean;
  add(...names: string[]): Promise<void>;
  remove(...names: string[]): Promise<void>;
}

const format = z.object({
  version: z.literal(1),
  /** By the address of the gateway or broker. */
  owned: z.record(z.string(), z.array(z.string())),
});

/** Which ledger, and what its absence means. */
export interface LedgerPlace {
  /** The name of the file in `.qbtc`. */
  file: string;
  /** The address of the gateway or broker. */
  address: string;
  /** What to do about a file that cannot be read. */
  hint: string;
}

/** Without a place to keep it: for plans of stacks that have no folder. */
export const noLedger: Ledger = { has: () => false, add: async () => {}, remove: async () => {} };

/**
 * The ledger of a stack for one gateway or broker, in `.qbtc/`.
 * @throws QbtcError LEDGER_UNREADABLE
 */
export async function openLedger(root: string, { file: name, address, hint }: LedgerPlace): Promise<Ledger> {
  const file = join(root, '.qbtc', name);
  let kept: z.output<typeof format> = { version: 1, owned: {} };
  try {
    kept = format.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new QbtcError('LEDGER_UNREADABLE', `${file} cannot be read: ${messageOf(error)}`, {
        hint,
        cause: error,
      });
    }
  }
  const names = new Set(kept.owned[address] ?? []);
  // One after the other: the last one written is the one that holds.
  let writing: Promise<void> = Promise.resolve();
  const write = (): Promise<void> => {
    const next = writing.then(async () => {
      const owned = { ...kept.owned, [address]: [...names].sort() };
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      await writeFileAtomic(file, `${JSON.stringify({ version: 1, owned }, null, 2)}\n`, { mode: 0o600 });
    });
    writing = next.catch(() => {});
    return next;
  };
  return {
    has: (name) => names.has(name),
    async add(...added) {
      const fresh = added.filter((name) => !names.has(name));
      if (fresh.length === 0) return;
      for (const name of fresh) names.add(name);
      await write();
    },
    async remove(...removed) {
      const known = removed.filter((name) => names.delete(name));
      if (known.length > 0) await write();
    },
  };
}
