import type { CheckResult, Score, ScoreComparison } from '../../../model/score.ts';
import type { DocumentForm } from '../../document-form.ts';
import type { Notice } from '../../notice.ts';
import { score } from './terminal.ts';

export interface ScoreDocument {
  kind: 'score';
  score: Score;
  /** What the score should be at least: `--min`, or the target of `qbtc.yaml`. */
  target: number;
  /** Milliseconds that it took. */
  tookMs?: number;
  /** Scores before this one, oldest first. */
  history?: { takenAt: string; adjusted: number }[];
  comparison?: ScoreComparison;
}

/** The check is gone for good or in part: what is set aside in `qbtc.yaml`, or could not be measured, only warns. */
function lostPoints({
  code,
  subject,
  severity,
  status,
  points,
  max,
  fix,
  evidence,
  ignored,
  place,
}: CheckResult): Notice[] {
  if (status === 'passed') return [];
  const graveness =
    status === 'failed' && severity === 'critical' && ignored === undefined ? 'error' : 'warning';
  const advice = fix?.command ?? fix?.byHand ?? '';
  const lost = status === 'failed' ? `-${(max - points).toFixed(2)}` : 'not measured';
  return [
    {
      severity: graveness,
      code,
      subject,
      message: `${subject}: ${fix?.why ?? evidence}${advice === '' ? '' : ` (${advice})`}`,
      title: `qbtc score ${code} ${lost}`,
      help: `qbtc score --explain ${code} says what is judged.`,
      ...(place === undefined ? {} : { place }),
      ...(ignored === undefined ? {} : { ignored: ignored.reason }),
    },
  ];
}

export const form: DocumentForm<ScoreDocument> = {
  terminal: score,
  notices: ({ score: { components } }) => components.flatMap(({ checks }) => checks.flatMap(lostPoints)),
  json: ({ score, target, tookMs, comparison }) => ({
    ...score,
    target,
    ...(tookMs === undefined ? {} : { tookMs: Math.round(tookMs) }),
    ...(comparison === undefined ? {} : { comparison }),
  }),
  pages: {
    html: () => import('./html.ts'),
    junit: () => import('./junit.ts'),
    markdown: () => import('./markdown.ts'),
    prometheus: () => import('./prometheus.ts'),
  },
};
