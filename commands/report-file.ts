import type { Context } from '../src/context.ts';
import type { Document, ReporterName } from '../src/report/index.ts';

/** A page is read on a screen of its own. */
const WIDTH = 100;

/**
 * Writes a report to a file, and says so.
 *
 * @throws QbtcError `OUT_UNWRITABLE`
 */
export async function writeReport(
  context: Context,
  document: Document,
  format: ReporterName,
  file: string,
): Promise<void> {
  const [{ loadReporter }, { writeUserFile }, { originOf }] = await Promise.all([
    import('../src/report/index.ts'),
    import('./user-file.ts'),
    import('./report-origin.ts'),
  ]);
  const print = await loadReporter(format, document.kind);
  const origin = await originOf(context, format);
  const text = print(document, { width: WIDTH, color: false, verbose: false, ...origin });
  await writeUserFile(context.cwd, file, `${text}\n`);
  context.io.err(`${file} written`);
}
