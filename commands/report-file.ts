import type { Context } from '../src/context.ts';
import type { Document, ReporterName } from '../src/report/index.ts';

/** A page is read on a screen of its own. */
const WIDTH = 100;

/** A document in one form, as it may stand in a file: those of CI are shown to whoever may see the repository. */
export async function reportText(
  context: Pick<Context, 'cwd' | 'exec' | 'installation' | 'io'>,
  document: Document,
  format: ReporterName,
): Promise<string> {
  const [{ loadReporter }, { originOf }] = await Promise.all([
    import('../src/report/index.ts'),
    import('./report-origin.ts'),
  ]);
  const print = await loadReporter(format, document.kind);
  const origin = await originOf(context, format);
  return context.io.masked(print(document, { width: WIDTH, color: false, verbose: false, ...origin }));
}

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
  const { writeUserFile } = await import('./user-file.ts');
  await writeUserFile(context.cwd, file, `${await reportText(context, document, format)}\n`);
  context.io.err(`${file} written`);
}
