/**
 * The counts behind limit-count, limit-req and limit-conn. They are kept in this process, in a Redis that several
 * gateways share, or by another process (`counters/`): whoever counts here waits for nothing, the others give promises,
 * which fail when the counts cannot be reached.
 *
 * A `limit` names one configuration of a plugin at the place where it stands, a `key` those who share a count under it.
 * Both are bytes as text (latin1).
 */
export interface Counters {
  /** Takes from the window of a key. It begins with the first request and ends for good when its time is over. */
  takeWindow(limit: string, key: string, rule: WindowRule): Window | Promise<Window>;
  /**
   * Puts one request into the leaky bucket of a key. Gives how many requests the bucket then is ahead of its rate;
   * `undefined` when that would be more than its burst: the bucket stays as it was.
   */
  fillBucket(limit: string, key: string, rule: BucketRule): number | undefined | Promise<number | undefined>;
  /** Takes one of `most` places of a key; `undefined` when none is free. */
  enter(limit: string, key: string, most: number): Place | undefined | Promise<Place | undefined>;
}

export interface WindowRule {
  count: number;
  seconds: number;
  /** How many of the count this request takes. */
  cost: number;
}

export interface Window {
  /** Below zero for a request that was too many. */
  remaining: number;
  /** Seconds until the window ends. */
  resetSeconds: number;
}

export interface BucketRule {
  /** Requests a second that leave the bucket. */
  rate: number;
  burst: number;
}

export interface Place {
  /** How many places are taken, this one included. */
  taken: number;
  /** Gives the place back; to be called once. */
  leave(): void | Promise<void>;
}
