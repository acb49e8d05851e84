import type { Finding } from '../../../model/finding.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { wrap } from '../../layout.ts';
import { findingLines } from '../../terminal/findings.ts';
import { counted, SIGN } from '../../terminal/view.ts';

/** What `routes lint`, `routes validate`, `topology check` or `events validate` found. */
export interface FindingsDocument {
  kind: 'findings';
  subject: string;
  /** What was looked at: `the routes`. */
  about: string;
  stack: string;
  findings: Finding[];
  /** How many objects were looked at, where that is counted. */
  checked?: number;
  notJudged?: string[];
}

/** What was found, where it is written, and what would mend it. */
const findings: View<FindingsDocument> = (
  { subject, about: of, stack, findings: all, checked, notJudged = [] },
  { palette, width },
) => {
  const looked = checked === undefined ? '' : `, ${counted(checked, 'object')} checked`;
  const heading = palette.strong(`${subject} of ${of} of ${stack}`);
  const open = notJudged.flatMap((text) =>
    wrap(`not judged: ${text}`, width - 4).map((line) => `  ${palette.warning(line)}`),
  );
  if (all.length === 0) {
    const nothing =
      checked === 0 ? palette.warning('nothing was judged') : palette.good(`${SIGN.done} nothing found`);
    return [`${heading}: ${nothing}${looked}`, ...open];
  }
  return [
    `${heading}: ${counted(all.length, 'finding')}${looked}`,
    ...all.flatMap((finding) => findingLines(finding, { palette, width })),
    ...open,
  ];
};

export const form: DocumentForm<FindingsDocument> = {
  terminal: findings,
  notices: ({ findings }) =>
    findings.map(({ severity, code, subject, message, fix, place }) => ({
      severity,
      code,
      subject,
      message: `${subject}: ${message}${fix === '' ? '' : ` (${fix})`}`,
      title: `qbtc ${code}`,
      ...(place === undefined ? {} : { place }),
    })),
};
