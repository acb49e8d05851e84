import type { Measured } from '../model/measured.ts';
import type { Change } from '../model/plan.ts';
import { failed, notMeasured, passed, type SubjectResult } from './check.ts';
import type { Remedy } from './remedy.ts';

/** The finding about one plan: what is there is what is declared when nothing is left to change. */
export function inSync(
  subject: string,
  plan: Measured<Change[]>,
  why: string,
  remedy: Remedy | undefined,
): SubjectResult {
  if (!plan.measured) return notMeasured(subject, plan.reason);
  const [first] = plan.value;
  if (!first || !remedy) return passed(subject, 'the plan is empty');
  const count = plan.value.length;
  const evidence = `${count} ${count === 1 ? 'change' : 'changes'} open: ${first.action} ${first.kind} ${first.name}${count > 1 ? ', …' : ''}`;
  return failed(subject, evidence, { why, ...remedy });
}
