import { messageOf, messagesOf, type QbtcError, stacksOf } from '../../../errors.ts';
import type { LogLine } from '../../../model/log.ts';
import type { DocumentForm, Style, View } from '../../document-form.ts';
import { wrap } from '../../layout.ts';
import { type Notice, splitPlace } from '../../notice.ts';
import { logLine } from '../../terminal/log-line.ts';
import { SIGN } from '../../terminal/view.ts';

export interface ErrorDocument {
  kind: 'error';
  error: QbtcError;
}

/** What failed and why, its details, and what to do about it. The stack traces only when asked for. */
const error: View<ErrorDocument> = ({ error: failed }, style) => {
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

/** Each mistake at its place in its file; what has none is told as a whole. */
function errorNotices(error: QbtcError): Notice[] {
  const placed = error.details.flatMap((detail) => {
    const placed = splitPlace(detail);
    if (placed === undefined) return [];
    const { place, rest } = placed;
    return [{ severity: 'error' as const, code: error.code, subject: rest, message: rest, place }];
  });
  if (placed.length > 0) return placed;
  const text = [messageOf(error), ...error.details, ...(error.hint === undefined ? [] : [error.hint])].join(
    '\n',
  );
  return [
    {
      severity: 'error',
      code: error.code,
      subject: error.message,
      message: text,
      title: `qbtc ${error.code}`,
    },
  ];
}

export const form: DocumentForm<ErrorDocument> = {
  terminal: error,
  verbatim: true,
  notices: ({ error }) => errorNotices(error),
  json: ({ error }) => {
    const { code, message, hint, logLines = [] } = error;
    const details = [...error.details, ...logLines.map(({ raw }) => raw)];
    const [, ...causes] = messagesOf(error);
    return {
      error: { code, message, details, hint: hint ?? null, ...(causes.length === 0 ? {} : { causes }) },
    };
  },
  pages: {
    junit: () => import('./junit.ts'),
  },
};
