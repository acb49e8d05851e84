/** What `wait` waits for. */
export type WaitCondition =
  | { kind: 'healthy'; names: readonly string[] }
  | { kind: 'score'; points: number }
  | { kind: 'flow'; tag: string };

/** What is not as it is waited for. */
export interface Missing {
  /** The resource, the service or the flow; `score`. */
  name: string;
  reason: string;
}

/** What came of waiting for one thing. */
export interface Waited {
  condition: WaitCondition;
  met: boolean;
  /** What was missing when it was looked at last; empty when it is met, or was not looked at. */
  missing: Missing[];
}

export interface WaitResult {
  stack: string;
  met: boolean;
  /** Milliseconds. */
  tookMs: number;
  waited: Waited[];
}
