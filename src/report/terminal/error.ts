import { messagesOf, stacksOf } from '../../errors.ts';
import type { LogLine } from '../../model/log.ts';
import type { ErrorDocument } from '../document.ts';
import { wrap } from '../layout.ts';
import { logLine } from './logs.ts';
import { SIGN, type Style, type View } from './view.ts';

/** What failed and why, its details, and what to do about it. The stack traces only when asked for. */
export const error: View<ErrorDocument> = ({ error: failed }, style) => {
  const { message, details, logLines, hint, cause, code } = failed;
  const { bad, strong, accent, faint } = style.palette;
  const [first = '', ...rest] = wrap(message, style.width - 2);
  const [, ...causes] = messagesOf(failed);
  const untold = causes.filter((each) => !details.some((detail) => detail.includes(each)));
  const traces = style.verbose && cause !== undefined ? stacksOf(cause).join('\n').split('\n') : [];
  return [
    `${bad(SIGN.failed)} ${strong(first)}`,
    ...rest.map((line) => `  ${strong(line)}`),
    ...untold.flatMap((each) => wrap(`because: ${each}`, style.width - 2).map((line) => `  ${line}`)),
    // Details are log lines and places in files: they are not broken, so that they can be copied and clicked.
    ...details.map((line) => `    ${line}`),
    ...(logLines === undefined ? [] : lastLines(logLines, style)),
    ...(hint === undefined ? [] : wrap(`→ ${hint}`, style.width - 2).map((line) => `  ${accent(line)}`)),
    ...(style.verbose ? [faint(`  ${code}`)] : []),
    ...traces.map((line) => faint(`  ${line}`)),
  ];
};

/** What the process wrote last, without its name: the message has it. */
function lastLines(lines: readonly LogLine[], style: Style): string[] {
  if (lines.length === 0) return ['    it wrote nothing'];
  return [
    '    its last lines:',
    ...lines.flatMap((line) => logLine(line, undefined, style)).map((line) => `    ${line}`),
  ];
}
