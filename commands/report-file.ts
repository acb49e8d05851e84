import { resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Context } from '../src/context.ts';
import { EXIT, messageOf, QbtcError } from '../src/errors.ts';
import { createReporter, type Document, type ReporterName } from '../src/report/index.ts';

/** A page is read on a screen of its own. */
const WIDTH = 100;

/**
 * Writes a report to a file, and says so.
 *
 * @throws QbtcError `FILE_NOT_WRITABLE`
 */
export async function writeReport(
  { cwd, io }: Pick<Context, 'cwd' | 'io'>,
  document: Document,
  format: ReporterName,
  file: string,
): Promise<void> {
  const text = createReporter(format, { width: WIDTH, color: false, verbose: false })(document);
  try {
    await writeFileAtomic(resolve(cwd, file), `${text}\n`);
  } catch (error) {
    throw new QbtcError('FILE_NOT_WRITABLE', `${file} cannot be written: ${messageOf(error)}`, {
      exit: EXIT.usage,
    });
  }
  io.err(`${file} written`);
}
