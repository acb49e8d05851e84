import type { Snapshot } from '../model/observation.ts';
import type { CheckResult, Severity } from '../model/score.ts';
import type { ScoreComponent, Stack } from '../model/stack.ts';

/** What a check found about one subject. The points are not its business. */
export type SubjectResult = Pick<CheckResult, 'subject' | 'evidence' | 'fix'> & {
  /** `undeclared`: nothing says that the subject has what is judged, so it is out of the total. */
  status: CheckResult['status'] | 'undeclared';
};

/**
 * One check: a file in `checks/`, and a line in `registry.ts`. A pure judgement of the snapshot.
 * The checks of a component share its weight by their `share`, and the findings of a check have equal parts of that.
 */
export interface Check {
  component: ScoreComponent;
  severity: Severity;
  /** What it judges and how, for `--explain`: a sentence or two. */
  about: string;
  /** What it asks of a stack that `qbtc new` has not made (profile `foreign`), and why that is fair. */
  foreign: string;
  /** What it counts beside the other checks of its component; 1 when left out. */
  share?: number;
  /** One finding for each subject that the stack declares; none when it declares no such subject. */
  examine(snapshot: Snapshot, stack: Stack): SubjectResult[];
  /** What is said when there is nothing to examine. */
  nothingDeclared: string;
  /** How a stack, or a service, comes to have what is judged. */
  declare: string;
}

export function passed(subject: string, evidence: string): SubjectResult {
  return { subject, status: 'passed', evidence };
}

export function failed(
  subject: string,
  evidence: string,
  fix: NonNullable<SubjectResult['fix']>,
): SubjectResult {
  return { subject, status: 'failed', evidence, fix };
}

export function notMeasured(subject: string, reason: string): SubjectResult {
  return { subject, status: 'not-measured', evidence: reason };
}

export function undeclared(subject: string, reason: string): SubjectResult {
  return { subject, status: 'undeclared', evidence: reason };
}
