/** What a run of CI does, in this order. */
export const CI_STEPS = ['lint', 'up', 'test', 'score', 'down'] as const;
export type CiStepName = (typeof CI_STEPS)[number];

/** How one step of a run went. */
export interface CiStep {
  name: CiStepName;
  /** `failed` with an exit code of its own; `skipped` where an earlier one left nothing to do. */
  outcome: 'passed' | 'failed' | 'skipped';
  /** What the command alone would have ended with. */
  exit: number;
  /** Milliseconds. */
  tookMs: number;
  /** What it came to, in a line. */
  result: string;
}
