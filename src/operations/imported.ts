import { carryOutImport, type ImportPlan } from '../import/plan.ts';
import type { DocumentOf } from '../report/index.ts';
import { exitOf } from './exit.ts';
import type { Outcome } from './operation.ts';

/**
 * Carries an import out, but for a dry run, and tells what came of it.
 *
 * @param read reads what was written; what cannot be read any more with it is taken back
 */
export async function imported(
  plan: ImportPlan,
  about: Pick<DocumentOf<'imported'>, 'subject' | 'stack' | 'source'> & { dryRun: boolean },
  read: () => Promise<unknown>,
): Promise<Outcome<'imported'>> {
  const { dryRun, ...told } = about;
  const { changes, losses, files } = plan;
  if (!dryRun) await carryOutImport(plan, read);
  const outcomes = changes.map(({ blocked }) => ({
    status: blocked === undefined ? ('done' as const) : ('failed' as const),
  }));
  return {
    document: { kind: 'imported', ...told, isDone: !dryRun, changes, losses, files },
    ...(dryRun ? {} : { exit: exitOf(outcomes) }),
  };
}
