import * as z from 'zod';
import { stateFile } from '../state/index.ts';

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

type Owned = z.output<typeof format>;

/** The ledgers of a stack, by whose objects they name. */
const LEDGERS = {
  gateway: stateFile<Owned>('gatewayLedger', format, { version: 1, owned: {} }),
  broker: stateFile<Owned>('brokerLedger', format, { version: 1, owned: {} }),
};

/** Without a place to keep it: for plans of stacks that have no folder. */
export const noLedger: Ledger = { has: () => false, add: async () => {}, remove: async () => {} };

/**
 * The ledger of a stack for the gateway or broker at this address, in `.qbtc/`. What others write down meanwhile, of
 * this address or another one, stays.
 *
 * @throws QbtcError LEDGER_UNREADABLE
 */
export async function openLedger(root: string, of: keyof typeof LEDGERS, address: string): Promise<Ledger> {
  const file = LEDGERS[of];
  const names = new Set((await file.read(root)).owned[address] ?? []);
  const write = async (change: (kept: Set<string>) => void) => {
    await file.change(root, ({ version, owned }) => {
      const kept = new Set(owned[address] ?? []);
      change(kept);
      return { version, owned: { ...owned, [address]: [...kept].sort() } };
    });
  };
  return {
    has: (name) => names.has(name),
    async add(...added) {
      const fresh = added.filter((name) => !names.has(name));
      if (fresh.length === 0) return;
      for (const name of fresh) names.add(name);
      await write((kept) => {
        for (const name of fresh) kept.add(name);
      });
    },
    async remove(...removed) {
      const known = removed.filter((name) => names.delete(name));
      if (known.length === 0) return;
      await write((kept) => {
        for (const name of known) kept.delete(name);
      });
    },
  };
}
