import { after, type OnFailure } from '../guard.ts';

/** Wakes its owner at a moment by `Date.now()`, or a little earlier where that is far away. */
export class Alarm {
  private timer: NodeJS.Timeout | undefined;
  private at = Number.POSITIVE_INFINITY;
  private readonly failed: OnFailure;
  private readonly ring: () => void;

  constructor(failed: OnFailure, ring: () => void) {
    this.failed = failed;
    this.ring = ring;
  }

  /** An earlier moment takes the place of a later one. */
  setAt(time: number): void {
    if (time >= this.at) return;
    this.clear();
    this.at = time;
    this.timer = after(time - Date.now(), this.failed, () => {
      this.at = Number.POSITIVE_INFINITY;
      this.ring();
    });
  }

  clear(): void {
    clearTimeout(this.timer);
    this.at = Number.POSITIVE_INFINITY;
  }
}
