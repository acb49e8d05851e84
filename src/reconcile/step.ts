import type { Change } from '../model/plan.ts';

/** One change of a plan with what is needed to carry it out. A plan lists a step after the steps that it needs. */
export interface Step<Target = unknown> {
  /** Unique in its plan. */
  id: string;
  change: Change;
  target: Target;
  /** Ids of steps of the same plan that must be done first. */
  needs: string[];
}
