import type { Context } from '../src/context.ts';
import type { Outcome } from '../src/operations/index.ts';
import type { ReporterName } from '../src/report/index.ts';

/** A page is read on a screen of its own. */
const WIDTH = 100;

/**
 * Writes a report to a file, and says so.
 *
 * @throws QbtcError `OUT_UNWRITABLE`
 */
export async function writeReport(
  { cwd, io }: Pick<Context, 'cwd' | 'io'>,
  { document }: Outcome,
  format: ReporterName,
  file: string,
): Promise<void> {
  if (document === undefined) return;
  const [{ loadReporter }, { writeUserFile }] = await Promise.all([
    import('../src/report/index.ts'),
    import('./user-file.ts'),
  ]);
  const print = await loadReporter(format, document.kind);
  const text = print(document, { width: WIDTH, color: false, verbose: false });
  await writeUserFile(cwd, file, `${text}\n`);
  io.err(`${file} written`);
}
