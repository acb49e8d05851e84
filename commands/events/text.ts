import type { Context } from '../../src/context.ts';
import type { TextDocument } from '../../src/report/document.ts';

/** The text as a document: printed, or written to a file of the user's. Nothing is half written. */
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
  await writeFileAtomic(resolve(context.cwd, file), document.text);
  return { kind: 'text', ...document, file };
}
