import type { DeadLetter } from '../../../model/event.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { wrap } from '../../layout.ts';
import { SIGN } from '../../terminal/view.ts';

/** What became of dead letters. */
export interface ReplayedDocument {
  kind: 'replayed';
  stack: string;
  from: string;
  letters: DeadLetter[];
}

/** What became of each dead letter. */
const replayed: View<ReplayedDocument> = ({ from, letters }, { palette, width, verbose }) => {
  const heading = palette.strong(`dead letters in ${from}`);
  if (letters.length === 0) return [`${heading}: ${palette.good(`${SIGN.done} none`)}`];
  const counts = (['replayed', 'would be replayed', 'failed', 'kept'] as const)
    .map((status) => ({ status, count: letters.filter((letter) => letter.status === status).length }))
    .filter(({ count }) => count > 0)
    .map(({ status, count }) => `${count} ${status}`);
  const shown = letters.filter(({ status }) => verbose || status !== 'kept');
  return [
    `${heading}: ${counts.join(', ')}`,
    ...shown.flatMap(({ status, type, id, reason, origin, note }) => {
      const sign =
        status === 'failed'
          ? palette.bad(`${SIGN.failed} failed`)
          : status === 'kept'
            ? palette.faint(`${SIGN.none} kept`)
            : palette.good(`${SIGN.done} ${status}`);
      const to = origin.queue ?? `${origin.exchange} (${origin.routingKey})`;
      return [
        `  ${sign}  ${type ?? 'no event'} → ${to}`,
        ...wrap(`${id ?? 'no id'}: ${note ?? reason}`, width - 6).map(
          (line) => `      ${palette.faint(line)}`,
        ),
      ];
    }),
  ];
};

export const form: DocumentForm<ReplayedDocument> = {
  terminal: replayed,
};
