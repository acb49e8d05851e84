import { type CheckResult, type Gain, SEVERITIES } from '../model/score.ts';
import { fromHundredths, toHundredths } from './points.ts';

/**
 * What can be won back, dearest first: the missing points grouped by what wins them, each with the total after it. Of
 * what is equally dear, the one that names a command comes first.
 */
export function gainsOf(checks: readonly CheckResult[], total: number): Gain[] {
  const groups = new Map<string, CheckResult[]>();
  for (const check of checks) {
    if (check.fix === undefined || check.ignored !== undefined) continue;
    const { command, byHand } = check.fix;
    const key = JSON.stringify([command, byHand]);
    groups.set(key, [...(groups.get(key) ?? []), check]);
  }
  return [...groups.values()]
    .map((group) => gainOf(group, total))
    .sort((a, b) => b.points - a.points || Number(a.command === undefined) - Number(b.command === undefined));
}

function gainOf(checks: CheckResult[], total: number): Gain {
  const hundredths = (of: readonly CheckResult[]) => of.reduce((sum, { max }) => sum + toHundredths(max), 0);
  const byCause = new Map<string, CheckResult[]>();
  for (const check of checks) {
    const cause = check.fix?.cause ?? check.subject;
    byCause.set(cause, [...(byCause.get(cause) ?? []), check]);
  }
  const gravity = (of: readonly CheckResult[]) =>
    Math.min(...of.map(({ severity }) => SEVERITIES.indexOf(severity)));
  const causes = [...byCause]
    .sort(([, a], [, b]) => gravity(a) - gravity(b) || hundredths(b) - hundredths(a))
    .map(([cause]) => cause);
  // The gravest reason is the one that is told; what is said of the cause itself says more than what is said of others.
  const [gravest = ''] = causes;
  const first = [...(byCause.get(gravest) ?? checks)].sort(
    (a, b) =>
      gravity([a]) - gravity([b]) ||
      Number(b.subject === gravest) - Number(a.subject === gravest) ||
      toHundredths(b.max) - toHundredths(a.max),
  )[0];
  const won = hundredths(checks);
  const { command, byHand, why = '' } = first?.fix ?? {};
  return {
    ...(command === undefined ? {} : { command }),
    ...(byHand === undefined ? {} : { byHand }),
    causes,
    why,
    severity: SEVERITIES.find((each) => checks.some(({ severity }) => severity === each)) ?? 'minor',
    points: fromHundredths(won),
    predicted: fromHundredths(toHundredths(total) + won),
    checks: checks.map(({ code, subject, max, status }) => ({ code, subject, max, status })),
  };
}
