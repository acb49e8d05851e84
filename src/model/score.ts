import type { Strategy } from './resource.ts';
import type { ScoreComponent } from './stack.ts';

export interface CheckResult {
  /** Stable: `INFRA_RESOURCE_ACTIVE`. */
  code: string;
  /** What was checked: a resource, service, route, hop. */
  subject: string;
  points: number;
  max: number;
  status: 'passed' | 'failed' | 'not-measured';
  evidence: string;
  /** For lost points: why, and the command that wins them back; where only a person can, `byHand` says in which file. */
  fix?: { why: string; command?: string; byHand?: string };
}

export interface ComponentScore {
  name: ScoreComponent;
  points: number;
  max: number;
  checks: CheckResult[];
}

/** The score. `total` is the sum of the components' points, as shown; what was not measured is never part of it. */
export interface Score {
  stack: string;
  strategy: Strategy;
  total: number;
  max: number;
  components: ComponentScore[];
  /** Checks that could not be measured, with the points that stand on them. */
  notMeasured: { code: string; subject: string; max: number; reason: string }[];
}
