import type { Context } from '../../src/context.ts';
import type { DocumentOf } from '../../src/report/index.ts';

/**
 * The text as a document: printed, or written to a file of the user's. Nothing is half written.
 * @throws QbtcError `OUT_UNWRITABLE`
 */
export async function textOrFile(
  context: Pick<Context, 'cwd'>,
  document: Omit<DocumentOf<'text'>, 'kind' | 'file'>,
  file: string | undefined,
): Promise<DocumentOf<'text'>> {
  if (file === undefined) return { kind: 'text', ...document };
  const { writeUserFile } = await import('../user-file.ts');
  await writeUserFile(context.cwd, file, document.text);
  return { kind: 'text', ...document, file };
}
