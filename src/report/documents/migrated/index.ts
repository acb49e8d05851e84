import type { MigrationReport } from '../../../model/topology.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { outcomeLines } from '../../terminal/changes.ts';
import { counted, SIGN } from '../../terminal/view.ts';

/** What became of a queue that was migrated. */
export interface MigratedDocument extends MigrationReport {
  kind: 'migrated';
  stack: string;
}

/** What became of a queue that was migrated. */
const migrated: View<MigratedDocument> = ({ queue, migrated: isNew, messages, paused, outcomes }, style) => {
  const { strong, good, faint } = style.palette;
  if (!isNew) return [`${strong(queue)}: ${good(`${SIGN.done} as declared, nothing to do`)}`];
  return [
    `${strong(queue)}: ${good(`${SIGN.done} migrated`)} with ${counted(messages, 'message')}`,
    ...outcomes.flatMap((outcome) => outcomeLines(outcome, style)),
    ...(paused.length === 0 ? [] : [faint(`  paused meanwhile, and started again: ${paused.join(', ')}`)]),
  ];
};

export const form: DocumentForm<MigratedDocument> = {
  terminal: migrated,
};
