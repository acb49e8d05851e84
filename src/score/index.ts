import type { Snapshot } from '../model/observation.ts';
import type { CheckResult, ComponentScore, Score } from '../model/score.ts';
import { SCORE_COMPONENTS, type ScoreComponent, type Stack } from '../model/stack.ts';
import { notMeasured } from './check.ts';
import { apportion, fromHundredths, toHundredths } from './points.ts';
import { CHECK_CODES, CHECKS } from './registry.ts';

/**
 * The score of one snapshot, in points with two decimals. Pure.
 *
 * The points of the checks add up to those of their component, and these to the total, exactly as they are shown.
 * What could not be measured is never won; it is listed apart with the points that stand on it.
 */
export function score(snapshot: Snapshot, stack: Stack): Score {
  const components = SCORE_COMPONENTS.map((name) => scoreComponent(name, snapshot, stack));
  return {
    stack: snapshot.stack,
    strategy: snapshot.strategy,
    total: sum(components.map((component) => component.points)),
    max: sum(components.map((component) => component.max)),
    components,
    notMeasured: components
      .flatMap((component) => component.checks)
      .filter((check) => check.status === 'not-measured')
      .map(({ code, subject, max, evidence }) => ({ code, subject, max, reason: evidence })),
  };
}

function scoreComponent(name: ScoreComponent, snapshot: Snapshot, stack: Stack): ComponentScore {
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
  const checks = findings.map(({ code, finding }, index): CheckResult => {
    const max = fromHundredths(maxima[index] ?? 0);
    return { code, ...finding, max, points: finding.status === 'passed' ? max : 0 };
  });
  return {
    name,
    points: sum(checks.map((check) => check.points)),
    max: sum(checks.map((check) => check.max)),
    checks,
  };
}

/** Adds in hundredths, where nothing is lost. */
function sum(points: number[]): number {
  return fromHundredths(points.reduce((total, each) => total + toHundredths(each), 0));
}
