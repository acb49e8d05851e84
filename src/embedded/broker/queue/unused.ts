import type { OnFailure } from '../guard.ts';
import { Alarm } from './alarm.ts';

/** Tells when a queue was not used for as long as it may be. */
export class UnusedWatch {
  private readonly alarm: Alarm;
  private lastUsed = 0;
  private expires: number | undefined;

  constructor(failed: OnFailure, expired: () => void) {
    this.alarm = new Alarm(failed, () => {
      if (this.expires !== undefined && Date.now() >= this.lastUsed + this.expires) expired();
      else this.watch();
    });
  }

  /** Somebody has used it; from now on it may be unused for `expires` milliseconds. */
  touch(expires: number | undefined): void {
    if (expires !== this.expires) this.alarm.clear();
    this.expires = expires;
    this.lastUsed = Date.now();
    this.watch();
  }

  close(): void {
    this.alarm.clear();
  }

  private watch(): void {
    if (this.expires !== undefined) this.alarm.setAt(this.lastUsed + this.expires);
  }
}
