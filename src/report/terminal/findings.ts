import type { Finding } from '../../model/finding.ts';
import type { FindingsDocument } from '../document.ts';
import { wrap } from '../layout.ts';
import { counted, SIGN, type Style, type View } from './view.ts';

/** What was found, where it is written, and what would mend it. */
export const findings: View<FindingsDocument> = (
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

/** One finding: where, what, and what would mend it. */
export function findingLines(
  { code, severity, subject: about, message, fix, place }: Finding,
  { palette, width }: Pick<Style, 'palette' | 'width'>,
): string[] {
  const paint = severity === 'error' ? palette.bad : palette.warning;
  const at = place === undefined ? about : `${place.file}:${place.line}:${place.column}`;
  return [
    `  ${paint(`${severity === 'error' ? SIGN.failed : SIGN.none} ${severity}`)} ${at}  ${palette.faint(code)}`,
    ...wrap(place === undefined ? message : `${about}: ${message}`, width - 6).map((line) => `      ${line}`),
    ...(fix === '' ? [] : wrap(fix, width - 6).map((line) => `      ${palette.faint(line)}`)),
  ];
}
