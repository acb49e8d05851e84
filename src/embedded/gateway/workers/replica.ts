import { COLLECTIONS, type Entry, keepEqualPlugins, Resources } from '../state/resources.ts';
import type { ToWorker } from './messages.ts';

/** The resources of another process, which tells each change. */
export class Replica extends Resources {
  /** @param entries all resources, as `entriesOf` gives them */
  constructor(entries: readonly Entry[]) {
    super();
    for (const entry of entries) this.replace(entry.collection, entry.id, entry);
  }

  follow({ collection, id, after }: Extract<ToWorker, { kind: 'change' }>): void {
    const before = this.get(collection, id);
    const kept =
      after === null || before === undefined
        ? after
        : { ...after, value: keepEqualPlugins(before.value, after.value) };
    this.replace(collection, id, kept ?? undefined);
  }
}

/** All entries, each collection in its order: that decides between routes that nothing else tells apart. */
export function entriesOf(resources: Resources): Entry[] {
  return COLLECTIONS.flatMap((collection) => [...resources.values(collection)]);
}
