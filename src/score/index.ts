import type { Snapshot } from '../model/observation.ts';
import {
  CHECK_CODES,
  type CheckCode,
  type CheckResult,
  type ComponentScore,
  type Grade,
  type IgnoreRule,
  type Score,
} from '../model/score.ts';
import { SCORE_COMPONENTS, type Stack } from '../model/stack.ts';
import { partsNamed, rootCause } from './cause.ts';
import { notMeasured, type SubjectResult, undeclared } from './check.ts';
import { gainsOf } from './gains.ts';
import { failuresOf } from './gate.ts';
import { placeOf } from './place.ts';
import { fromHundredths, toHundredths } from './points.ts';
import { CHECKS } from './registry.ts';
import { remedyFor } from './remedy.ts';
import { type Examined, hasWeight, sharesOf, undeclaredOf } from './shares.ts';

export { partsNamed, rootCause, serviceOf } from './cause.ts';
export { compare, hasFallen } from './compare.ts';
export { findRecord, readHistory, recordOf, writeRecord } from './history.ts';
export { CHECKS } from './registry.ts';

/**
 * The score of one snapshot, in points with two decimals. Pure.
 *
 * The points of the checks add up to those of their component, and these to the total, exactly as they are shown.
 * What could not be measured is never won; it is listed apart with the points that stand on it. What is not declared is
 * out of the total by the profile `foreign`; by `qbtc` it counts as not measured where a check has nothing else to judge.
 */
export function score(snapshot: Snapshot, stack: Stack): Score {
  const [active, lapsed] = splitRules(stack.score.ignore, snapshot.takenAt);
  const { profile } = snapshot;
  const { weights } = stack.score;
  const found = examine(snapshot, stack);
  const examined = profile === 'foreign' && hasWeight(found, weights) ? found : found.map(asked);
  const shares = sharesOf(examined, weights, profile);
  const components = SCORE_COMPONENTS.map((name): ComponentScore => {
    const own = examined.filter(({ component }) => component === name);
    const checks = own.flatMap(({ code, findings }) =>
      findings.flatMap((finding): CheckResult[] => {
        const { status } = finding;
        if (status === 'undeclared') return [];
        const max = fromHundredths(shares.get(finding) ?? 0);
        const rule = status === 'failed' ? ruleFor(active, code, finding.subject) : undefined;
        const fixed = { ...finding, ...fixOf(finding, snapshot, stack) };
        const place = status === 'passed' ? undefined : placeOf(stack, fixed);
        return [
          {
            code,
            severity: CHECKS[code].severity,
            ...fixed,
            status,
            max,
            points: status === 'passed' ? max : 0,
            ...(rule === undefined ? {} : { ignored: { reason: rule.reason, until: rule.until } }),
            ...(place === undefined ? {} : { place }),
          },
        ];
      }),
    );
    return {
      name,
      points: sum(checks.map(({ points }) => points)),
      max: sum(checks.map(({ max }) => max)),
      checks,
    };
  });
  const checks = components.flatMap((component) => component.checks);
  const total = sum(components.map((component) => component.points));
  const max = sum(components.map((component) => component.max));
  const ignored = checks.filter((check) => check.ignored !== undefined);
  const adjusted = sum([total, ...ignored.map((check) => check.max)]);
  return {
    stack: snapshot.stack,
    strategy: snapshot.strategy,
    profile,
    takenAt: snapshot.takenAt,
    total,
    max,
    adjusted,
    grade: gradeOf(adjusted),
    failures: failuresOf(snapshot, checks, active),
    components,
    gains: gainsOf(checks, total),
    notMeasured: checks
      .filter((check) => check.status === 'not-measured')
      .map(({ code, subject, max: points, evidence }) => ({ code, subject, max: points, reason: evidence })),
    undeclared: undeclaredOf(examined, weights, profile),
    lapsed,
  };
}

const LOWEST: readonly [Grade, number][] = [
  ['A', 90],
  ['B', 80],
  ['C', 70],
  ['D', 60],
];

/** A from 90 points on, B from 80, C from 70, D from 60, else F. */
export function gradeOf(points: number): Grade {
  return LOWEST.find(([, lowest]) => points >= lowest)?.[0] ?? 'F';
}

/** The rules that hold on the day of the snapshot, and those that did. */
function splitRules(rules: readonly IgnoreRule[], takenAt: string): [IgnoreRule[], IgnoreRule[]] {
  const today = takenAt.slice(0, 10);
  return [rules.filter(({ until }) => until >= today), rules.filter(({ until }) => until < today)];
}

function ruleFor(rules: readonly IgnoreRule[], code: CheckCode, name: string): IgnoreRule | undefined {
  return rules.find(({ check, subject }) => check === code && (subject === undefined || subject === name));
}

/** What each check has found; of one that finds no subject, that the stack has none. */
function examine(snapshot: Snapshot, stack: Stack): Examined[] {
  return CHECK_CODES.map((code) => {
    const { component, share = 1, declare, nothingDeclared } = CHECKS[code];
    const findings = CHECKS[code].examine(snapshot, stack);
    return {
      code,
      component,
      share,
      declare,
      findings: findings.length > 0 ? findings : [undeclared(stack.name, nothingDeclared)],
    };
  });
}

/** The same where each check is asked for: what finds nothing that is declared could not be measured. */
function asked(examined: Examined): Examined {
  const { findings } = examined;
  if (findings.some(({ status }) => status !== 'undeclared')) return examined;
  return { ...examined, findings: findings.map(({ subject, evidence }) => notMeasured(subject, evidence)) };
}

/** What could not be measured of a part that is not well, or that needs one that is not, is won with that one. */
function fixOf(finding: SubjectResult, snapshot: Snapshot, stack: Stack): Pick<CheckResult, 'fix'> {
  if (finding.status !== 'not-measured') return {};
  const cause = rootCause(snapshot, stack, finding.subject);
  const unwell =
    cause === undefined
      ? undefined
      : partsNamed(snapshot, stack, cause).find(({ state }) => state !== 'active');
  if (cause === undefined || unwell === undefined) return {};
  return {
    fix: {
      why: unwell.reason === '' ? `${cause} is ${unwell.state}` : unwell.reason,
      ...remedyFor(snapshot, stack, cause),
    },
  };
}

/** Adds in hundredths, where nothing is lost. */
function sum(points: number[]): number {
  return fromHundredths(points.reduce((total, each) => total + toHundredths(each), 0));
}
