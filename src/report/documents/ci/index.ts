import type { CiStep } from '../../../model/ci.ts';
import type { Score } from '../../../model/score.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { table } from '../../layout.ts';
import type { Notice } from '../../notice.ts';
import { duration, SIGN } from '../../terminal/view.ts';

/** What a run of CI has done and found. */
export interface CiDocument {
  kind: 'ci';
  passed: boolean;
  steps: CiStep[];
  /** Left out where none could be taken. */
  score?: Pick<Score, 'total' | 'max' | 'adjusted' | 'grade' | 'profile'>;
  flows: { passed: number; failed: number };
  /** Of all steps, for whoever shows them beside the lines of files. */
  notices: Notice[];
  /** The folder of the report as it was named, and its files from there. */
  report: string;
  files: string[];
}

const SIGNS = { passed: SIGN.done, failed: SIGN.failed, skipped: SIGN.none } as const;

/** A row a step, and where all of it stands. */
const ci: View<CiDocument> = ({ passed, steps, report, files }, { palette, width }) => {
  const paints = { passed: palette.good, failed: palette.bad, skipped: palette.faint } as const;
  const failed = steps.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name);
  return [
    ...table(
      steps.map(({ name, outcome, tookMs, result }) => [
        { text: `${SIGNS[outcome]} ${outcome}`, paint: paints[outcome] },
        { text: name, paint: palette.strong },
        { text: outcome === 'skipped' ? '' : duration(tookMs) },
        { text: result },
      ]),
      { indent: 2, width },
    ),
    '',
    passed
      ? palette.good(`${SIGN.done} all passed`)
      : palette.bad(`${SIGN.failed} failed: ${failed.join(', ')}`),
    `${files.length} files in ${report}`,
  ];
};

export const form: DocumentForm<CiDocument> = {
  terminal: ci,
  notices: ({ notices }) => notices,
  json: ({ passed, steps, score, flows, report, files }) => ({
    passed,
    steps: steps.map((step) => ({ ...step, tookMs: Math.round(step.tookMs) })),
    score: score ?? null,
    flows,
    report,
    files,
  }),
  pages: { markdown: () => import('./markdown.ts') },
};
