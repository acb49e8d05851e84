import type { Absence } from '../model/chaos.ts';
import type { ResourceObservation } from '../model/observation.ts';

/** What is looked at of a part. */
export type Look = Pick<ResourceObservation, 'name' | 'state' | 'pid' | 'restarts'>;

/**
 * From when to when each part was not well, as far as looks at it tell. A part that is well and another process than at the
 * look before was away between the two.
 */
export class Absences {
  readonly #list: Absence[] = [];
  /** Each part as it was when it was last seen well. */
  readonly #well = new Map<string, { look: Look; atMs: number }>();

  /** In the order in which the parts went. */
  get list(): Absence[] {
    return this.#list;
  }

  take(look: Look, atMs: number): void {
    const open = this.#list.find(({ part, toMs }) => part === look.name && toMs === undefined);
    if (look.state !== 'active') {
      if (open === undefined) this.#list.push({ part: look.name, fromMs: atMs });
      return;
    }
    const before = this.#well.get(look.name);
    this.#well.set(look.name, { look, atMs });
    if (open !== undefined) open.toMs = atMs;
    else if (before !== undefined && isAnother(before.look, look))
      this.#list.push({ part: look.name, fromMs: before.atMs, toMs: atMs });
  }
}

/** Restarts are counted until a part is well again; fewer of them mean nothing. A container has no process id here. */
function isAnother(before: Look, now: Look): boolean {
  if (before.pid !== undefined && now.pid !== undefined) return before.pid !== now.pid;
  return now.restarts > before.restarts;
}
