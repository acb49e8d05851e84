import type { Context } from '../../src/context.ts';
import { EXIT, messageOf, QbtcError } from '../../src/errors.ts';
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
  const [{ default: writeFileAtomic }, { resolve }] = await Promise.all([
    import('write-file-atomic'),
    import('node:path'),
  ]);
  try {
    await writeFileAtomic(resolve(context.cwd, file), document.text);
  } catch (error) {
    throw new QbtcError('OUT_UNWRITABLE', `${file} cannot be written: ${messageOf(error)}`, {
      exit: EXIT.usage,
      hint: 'name a file in a folder that is there with --out',
      cause: error,
    });
  }
  return { kind: 'text', ...document, file };
}
