import type { MigratedDocument } from '../document.ts';
import { outcomeLines } from './changes.ts';
import { counted, SIGN, type View } from './view.ts';

/** What became of a queue that was migrated. */
export const migrated: View<MigratedDocument> = (
  { queue, migrated: isNew, messages, paused, outcomes },
  style,
) => {
  const { strong, good, faint } = style.palette;
  if (!isNew) return [`${strong(queue)}: ${good(`${SIGN.done} as declared, nothing to do`)}`];
  return [
    `${strong(queue)}: ${good(`${SIGN.done} migrated`)} with ${counted(messages, 'message')}`,
    ...outcomes.flatMap((outcome) => outcomeLines(outcome, style)),
    ...(paused.length === 0 ? [] : [faint(`  paused meanwhile, and started again: ${paused.join(', ')}`)]),
  ];
};
