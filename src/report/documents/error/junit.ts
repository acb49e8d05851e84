import { messageOf } from '../../../errors.ts';
import type { ReportOptions } from '../../document-form.ts';
import { wrapped } from '../../junit.ts';
import { escaped } from '../../markup.ts';
import { createPalette } from '../../palette.ts';
import { type ErrorDocument, form } from './index.ts';

/** An error of the command is a case that did not run. */
export function page(document: ErrorDocument, { width, verbose }: ReportOptions): string {
  const { code } = document.error;
  const message = messageOf(document.error);
  const text = form.terminal(document, { palette: createPalette(false), width, verbose }).join('\n');
  return wrapped(1, 0, 1, 0, [
    '  <testsuite name="qbtc" tests="1" failures="0" errors="1">',
    '    <testcase classname="qbtc" name="qbtc test">',
    `      <error type="${escaped(code)}" message="${escaped(message)}">${escaped(text)}</error>`,
    '    </testcase>',
    '  </testsuite>',
  ]);
}
