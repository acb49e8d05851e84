import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Journal, volatileJournal } from '../../../../src/embedded/gateway/state/journal.ts';
import type { Change } from '../../../../src/embedded/gateway/state/resources.ts';
import { type Sealing, Store } from '../../../../src/embedded/gateway/state/store.ts';
import type { ToWorker } from '../../../../src/embedded/gateway/workers/messages.ts';
import { entriesOf, Replica } from '../../../../src/embedded/gateway/workers/replica.ts';

const sealing: Sealing = {
  seal: (_, value) => value,
  unseal: (_, value) => value,
  reopen: (_, value) => value,
};

type Told = Extract<ToWorker, { kind: 'change' }>;

/** As a message arrives. */
const sent = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const told = ({ collection, id, after }: Change): Told =>
  sent({ kind: 'change', collection, id, after: after ?? null });

const step = fc.record({
  collection: fc.constantFrom('routes' as const, 'services' as const),
  id: fc.constantFrom('a', 'b', 'c', '__proto__'),
  does: fc.constantFrom('put', 'put', 'delete', 'put that fails', 'delete that fails'),
  value: fc.record(
    { uri: fc.webPath(), plugins: fc.dictionary(fc.constantFrom('cors', 'echo'), fc.constant({ on: true })) },
    { requiredKeys: [] },
  ),
});

describe('a replica of the resources', () => {
  it('is what the store is, in its order, whatever has changed and whenever it began', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.nat(30), async (steps, begins) => {
        let full = false;
        const journal: Journal = {
          ...volatileJournal,
          append: async () => {
            if (full) throw new Error('no space left');
          },
        };
        const store = await Store.open(journal, sealing);
        const early = new Replica([]);
        let late: Replica | undefined;
        store.onChange((change) => {
          early.follow(told(change));
          late?.follow(told(change));
        });
        for (const [at, { collection, id, does, value }] of steps.entries()) {
          if (at === begins) late = new Replica(sent(entriesOf(store)));
          full = does.endsWith('fails');
          const change = does.startsWith('put')
            ? store.put(collection, id, value)
            : store.delete(collection, id);
          await change.catch(() => {});
        }
        late ??= new Replica(sent(entriesOf(store)));
        const whole = sent(entriesOf(store));
        expect(entriesOf(early)).toEqual(whole);
        expect(entriesOf(late)).toEqual(whole);
      }),
    );
  });

  it('tells its listeners of each change, and keeps what did not change in it', () => {
    const entry = (plugins: object) =>
      sent({
        ...{ collection: 'routes' as const, id: '1', createdIndex: 1, modifiedIndex: 2 },
        value: { uri: '/', plugins },
      });
    const replica = new Replica([entry({ kept: { a: 1 }, other: { b: 1 } })]);
    const before = replica.get('routes', '1');
    const changes: Change[] = [];
    replica.onChange((change) => changes.push(change));
    replica.follow({
      ...{ kind: 'change', collection: 'routes', id: '1' },
      after: entry({ kept: { a: 1 }, other: { b: 2 } }),
    });
    const plugins = replica.get('routes', '1')?.value.plugins as Record<string, object>;
    const old = before?.value.plugins as Record<string, object>;
    // What a plugin has built hangs on the object.
    expect(plugins.kept).toBe(old.kept);
    expect(plugins.other).toEqual({ b: 2 });
    replica.follow({ kind: 'change', collection: 'routes', id: '1', after: null });
    expect(changes.map(({ before: was, after }) => [was?.value, after?.value])).toEqual([
      [before?.value, { uri: '/', plugins }],
      [{ uri: '/', plugins }, undefined],
    ]);
    expect(replica.size).toBe(0);
  });
});
