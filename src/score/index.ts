import type { Snapshot } from '../model/observation.ts';
import {
  CHECK_CODES,
  type CheckResult,
  type ComponentScore,
  type Grade,
  type IgnoreRule,
  type Score,
} from '../model/score.ts';
import { SCORE_COMPONENTS, type ScoreComponent, type Stack } from '../model/stack.ts';
import { partsNamed, rootCause } from './cause.ts';
import { notMeasured, type SubjectResult } from './check.ts';
import { gainsOf } from './gains.ts';
import { failuresOf } from './gate.ts';
import { apportion, fromHundredths, toHundredths } from './points.ts';
import { CHECKS } from './registry.ts';
import { remedyFor } from './remedy.ts';

export { partsNamed, rootCause, serviceOf } from './cause.ts';
export { compare } from './compare.ts';
export { findRecord, readHistory, recordOf, writeRecord } from './history.ts';
export { CHECKS } from './registry.ts';

/**
 * The score of one snapshot, in points with two decimals. Pure.
 *
 * The points of the checks add up to those of their component, and these to the total, exactly as they are shown.
 * What could not be measured is never won; it is listed apart with the points that stand on it.
 */
export function score(snapshot: Snapshot, stack: Stack): Score {
  const [active, lapsed] = splitRules(stack.score.ignore, snapshot.takenAt);
  const components = SCORE_COMPONENTS.map((name) => scoreComponent(name, snapshot, stack, active));
  const checks = components.flatMap((component) => component.checks);
  const total = sum(components.map((component) => component.points));
  const max = sum(components.map((component) => component.max));
  const ignored = checks.filter((check) => check.ignored !== undefined);
  const adjusted = sum([total, ...ignored.map((check) => check.max)]);
  return {
    stack: snapshot.stack,
    strategy: snapshot.strategy,
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

function scoreComponent(
  name: ScoreComponent,
  snapshot: Snapshot,
  stack: Stack,
  rules: readonly IgnoreRule[],
): ComponentScore {
  const examined = CHECK_CODES.filter((code) => CHECKS[code].component === name).map((code) => {
    const findings = CHECKS[code].examine(snapshot, stack);
    return {
      code,
      share: CHECKS[code].share ?? 1,
      findings: findings.length > 0 ? findings : [notMeasured(stack.name, CHECKS[code].nothingDeclared)],
    };
  });
  const findings = examined.flatMap(({ code, share, findings: all }) =>
    all.map((finding) => ({ code, finding, share: share / all.length })),
  );
  const maxima = apportion(
    toHundredths(stack.score.weights[name]),
    findings.map(({ share }) => share),
  );
  const checks = findings.map(({ code, finding, share: _ }, index): CheckResult => {
    const max = fromHundredths(maxima[index] ?? 0);
    const rule = rules.find(
      ({ check, subject }) => check === code && (subject === undefined || subject === finding.subject),
    );
    return {
      code,
      severity: CHECKS[code].severity,
      ...finding,
      ...fixOf(finding, snapshot, stack),
      max,
      points: finding.status === 'passed' ? max : 0,
      ...(finding.status === 'failed' && rule !== undefined
        ? { ignored: { reason: rule.reason, until: rule.until } }
        : {}),
    };
  });
  return {
    name,
    points: sum(checks.map((check) => check.points)),
    max: sum(checks.map((check) => check.max)),
    checks,
  };
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
