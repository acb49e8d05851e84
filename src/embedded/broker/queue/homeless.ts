import type { OnFailure } from '../guard.ts';
import { Alarm } from './alarm.ts';
import type { DeathReason } from './death.ts';
import type { Entry } from './entry.ts';

/** How long a dead letter waits for its next try to find a place. */
const RETRY_MS = 1_000;

/** Dead letters that must not be lost and that no queue has taken yet. */
export class Homeless {
  private readonly entries = new Map<Entry, DeathReason>();
  private readonly alarm: Alarm;

  constructor(failed: OnFailure, tryAgain: (entry: Entry, reason: DeathReason) => void) {
    this.alarm = new Alarm(failed, () => {
      for (const [entry, reason] of [...this.entries]) tryAgain(entry, reason);
    });
  }

  get count(): number {
    return this.entries.size;
  }

  keep(entry: Entry, reason: DeathReason): void {
    this.entries.set(entry, reason);
    this.alarm.setAt(Date.now() + RETRY_MS);
  }

  found(entry: Entry): void {
    this.entries.delete(entry);
  }

  close(): void {
    this.alarm.clear();
  }
}
