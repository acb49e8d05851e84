import type { Context } from '../../src/context.ts';
import type { Outcome } from '../../src/operations/index.ts';

/**
 * The text of the outcome printed, or written to a file of the user's. Nothing is half written.
 * @throws QbtcError `OUT_UNWRITABLE`
 */
export async function textOrFile(
  { cwd }: Pick<Context, 'cwd'>,
  outcome: Outcome,
  file: string | undefined,
): Promise<Outcome> {
  const { document } = outcome;
  if (file === undefined || document?.kind !== 'text') return outcome;
  const { writeUserFile } = await import('../user-file.ts');
  await writeUserFile(cwd, file, document.text);
  return { ...outcome, document: { ...document, file } };
}
