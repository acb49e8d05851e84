import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import * as z from 'zod';
import { messageOf, QbtcError } from '../errors.ts';

/**
 * What is ours on a gateway although it can carry no label: names such as `global_rule/limits`. A name is written down
 * before its object is created, so that a kill in between never leaves an object that nobody owns.
 */
export interface Ledger {
  has(name: string): boolean;
  add(name: string): Promise<void>;
  remove(name: string): Promise<void>;
}

const format = z.object({
  version: z.literal(1),
  /** By the address of the gateway. */
  gateways: z.record(z.string(), z.array(z.string())),
});

/** Without a place to keep it: for plans of stacks that have no folder. */
export const noLedger: Ledger = { has: () => false, add: async () => {}, remove: async () => {} };

/**
 * The ledger of a stack for one gateway, in `.qbtc/ledger.json`.
 * @throws QbtcError LEDGER_UNREADABLE
 */
export async function openLedger(root: string, gateway: string): Promise<Ledger> {
  const file = join(root, '.qbtc', 'ledger.json');
  let kept: z.output<typeof format> = { version: 1, gateways: {} };
  try {
    kept = format.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new QbtcError('LEDGER_UNREADABLE', `${file} cannot be read: ${messageOf(error)}`, {
        hint: 'it says which global rules and plugin metadata are ours; without it (remove the file) they are left alone until `qbtc routes sync --adopt`',
        cause: error,
      });
    }
  }
  const names = new Set(kept.gateways[gateway] ?? []);
  // One after the other: the last one written is the one that holds.
  let writing: Promise<void> = Promise.resolve();
  const write = (): Promise<void> => {
    const next = writing.then(async () => {
      const gateways = { ...kept.gateways, [gateway]: [...names].sort() };
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      await writeFileAtomic(file, `${JSON.stringify({ version: 1, gateways }, null, 2)}\n`, { mode: 0o600 });
    });
    writing = next.catch(() => {});
    return next;
  };
  return {
    has: (name) => names.has(name),
    async add(name) {
      if (names.has(name)) return;
      names.add(name);
      await write();
    },
    async remove(name) {
      if (names.delete(name)) await write();
    },
  };
}
