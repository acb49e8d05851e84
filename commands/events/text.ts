import type { Context } from '../../src/context.ts';
import type { TextDocument } from '../../src/report/document.ts';

/**
 * The text as a document: printed, or written to a file of the user's. Nothing is half written.
 * @throws QbtcError `OUT_UNWRITABLE`
 */
export async function textOrFile(
  context: Pick<Context, 'cwd'>,
  document: Omit<TextDocument, 'kind' | 'file'>,
  file: string | undefined,
): Promise<TextDocument> {
  if (file === undefined) return { kind: 'text', ...document };
  const { writeUserFile } = await import('../user-file.ts');
  await writeUserFile(context.cwd, file, document.text);
  return { kind: 'text', ...document, file };
}
