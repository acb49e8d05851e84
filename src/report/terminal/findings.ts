import type { Finding } from '../../model/finding.ts';
import type { Style } from '../document-form.ts';
import { wrap } from '../layout.ts';
import { SIGN } from './view.ts';

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
