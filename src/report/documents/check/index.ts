import type { CheckCode, Severity } from '../../../model/score.ts';
import type { ScoreComponent } from '../../../model/stack.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { wrap } from '../../layout.ts';

/** What a check of the score judges. */
export interface CheckDocument {
  kind: 'check';
  code: CheckCode;
  component: ScoreComponent;
  severity: Severity;
  about: string;
  /** What it asks of a stack that is judged by the profile `foreign`. */
  foreign: string;
}

/** What a check judges. */
const check: View<CheckDocument> = ({ code, component, severity, about, foreign }, { palette, width }) => [
  `${palette.strong(code)}   ${component}, ${severity}`,
  ...wrap(about, width),
  '',
  ...wrap(`By the profile foreign: ${foreign}`, width),
];

export const form: DocumentForm<CheckDocument> = {
  terminal: check,
};
