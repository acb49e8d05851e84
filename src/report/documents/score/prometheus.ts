import type { MetricFamily } from '../../../model/metrics.ts';
import { exposition } from '../../exposition.ts';
import type { ScoreDocument } from './index.ts';

/** The score in the text format of Prometheus. */
export function page(document: ScoreDocument): string {
  return exposition(families(document));
}

function families({ score, target }: ScoreDocument): MetricFamily[] {
  const { stack, components } = score;
  const gauge = (name: string, help: string, samples: MetricFamily['samples']): MetricFamily => ({
    name,
    help,
    type: 'gauge',
    samples,
  });
  const checks = components.flatMap((component) =>
    component.checks.map((check) => ({ ...check, component: component.name })),
  );
  return [
    gauge('qbtc_score', 'Points of the stack, 0 to 100.', [{ labels: { stack }, value: score.total }]),
    gauge('qbtc_score_profile', 'By which rules the stack is judged.', [
      { labels: { stack, profile: score.profile }, value: 1 },
    ]),
    gauge('qbtc_score_adjusted', 'Points with those that ignore rules set aside.', [
      { labels: { stack }, value: score.adjusted },
    ]),
    gauge('qbtc_score_target', 'Points that the stack should have.', [{ labels: { stack }, value: target }]),
    gauge('qbtc_score_gate', 'Whether the stack passes: no declared part is dead, and no flow failed.', [
      { labels: { stack }, value: score.failures.length === 0 ? 1 : 0 },
    ]),
    gauge(
      'qbtc_score_gate_failure',
      'What fails the gate.',
      score.failures.map(({ kind, subject, state }) => ({
        labels: { stack, kind, subject, state },
        value: 1,
      })),
    ),
    gauge('qbtc_score_not_measured', 'Points that could not be measured.', [
      { labels: { stack }, value: score.notMeasured.reduce((sum, { max }) => sum + max, 0) },
    ]),
    gauge(
      'qbtc_score_undeclared',
      'Points that a check would count if the stack declared what it judges.',
      score.undeclared.map(({ code, brings }) => ({ labels: { stack, check: code }, value: brings })),
    ),
    gauge(
      'qbtc_score_component',
      'Points of a component.',
      components.map(({ name, points }) => ({ labels: { stack, component: name }, value: points })),
    ),
    gauge(
      'qbtc_score_component_max',
      'Points that a component can have.',
      components.map(({ name, max }) => ({ labels: { stack, component: name }, value: max })),
    ),
    gauge(
      'qbtc_score_check_lost',
      'Points that a check has lost, or that could not be measured.',
      checks
        .filter(({ status }) => status !== 'passed')
        .map(({ code, subject, status, component, max }) => ({
          labels: { stack, component, check: code, subject, status },
          value: max,
        })),
    ),
  ];
}
