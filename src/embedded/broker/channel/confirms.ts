import type { Outbox } from '../connection/outbox.ts';

/**
 * The publisher confirms of a channel. What has been settled is gathered and sent together,
 * as one `basic.ack` with `multiple` wherever that says the same.
 */
export class Confirms {
  private nextNumber = 1;
  private readonly pending = new Set<number>();
  private accepted: number[] = [];
  private refused: number[] = [];

  /** Publishes that the store still works on. */
  get unconfirmed(): number {
    return this.pending.size;
  }

  get hasSettled(): boolean {
    return this.accepted.length > 0 || this.refused.length > 0;
  }

  /** The number of a new publish. */
  begin(): number {
    const number = this.nextNumber;
    this.nextNumber += 1;
    return number;
  }

  /** The publish will be settled later. */
  postpone(number: number): void {
    this.pending.add(number);
  }

  settle(number: number, accepted: boolean): void {
    this.pending.delete(number);
    (accepted ? this.accepted : this.refused).push(number);
  }

  /** Writes the confirms that are due. */
  flush(outbox: Outbox, channel: number): void {
    const { accepted, refused } = this;
    this.accepted = [];
    this.refused = [];
    // Publishes are postponed in the order of their numbers: the first that waits is the smallest.
    const [waiting = Number.POSITIVE_INFINITY] = this.pending;
    write(accepted, Math.min(waiting, firstOf(refused)), (number, multiple) =>
      outbox.confirm(channel, true, number, multiple),
    );
    write(refused, Math.min(waiting, firstOf(accepted)), (number, multiple) =>
      outbox.confirm(channel, false, number, multiple),
    );
  }
}

/** The smallest of all, `Infinity` of none. */
function firstOf(numbers: readonly number[]): number {
  let first = Number.POSITIVE_INFINITY;
  for (const number of numbers) if (number < first) first = number;
  return first;
}

/** Numbers below `limit` in one stroke, the others one by one. */
function write(numbers: number[], limit: number, send: (number: number, multiple: boolean) => void): void {
  const [first] = numbers;
  if (first === undefined) return;
  if (numbers.length === 1) {
    send(first, false);
    return;
  }
  numbers.sort((a, b) => a - b);
  const together = numbers.filter((number) => number < limit);
  const last = together.at(-1);
  if (last !== undefined) send(last, true);
  for (const number of numbers.slice(together.length)) send(number, false);
}
