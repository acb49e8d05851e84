import type { ErrorDocument } from '../document.ts';
import { wrap } from '../layout.ts';
import { SIGN, type View } from './view.ts';

/** What failed, its details, and what to do about it. The stack trace only when asked for. */
export const error: View<ErrorDocument> = ({ error: { message, details, hint, cause, code } }, style) => {
  const { bad, strong, accent, faint } = style.palette;
  const [first = '', ...rest] = wrap(message, style.width - 2);
  const trace = style.verbose && cause instanceof Error ? (cause.stack ?? cause.message).split('\n') : [];
  return [
    `${bad(SIGN.failed)} ${strong(first)}`,
    ...rest.map((line) => `  ${strong(line)}`),
    // Details are log lines and places in files: they are not broken, so that they can be copied and clicked.
    ...details.map((line) => `    ${line}`),
    ...(hint === undefined ? [] : wrap(`→ ${hint}`, style.width - 2).map((line) => `  ${accent(line)}`)),
    ...(style.verbose ? [faint(`  ${code}`)] : []),
    ...trace.map((line) => faint(`  ${line}`)),
  ];
};
