import type {
  ContractDiffDocument,
  EventDocument,
  PublishedDocument,
  ReplayedDocument,
} from '../document.ts';
import { wrap } from '../layout.ts';
import { counted, SIGN, type View } from './view.ts';

const WHO: Readonly<Record<string, string>> = {
  backward: 'who has the new contract refuses old events',
  forward: 'who has the old contract refuses new events',
};

/** What has changed, what breaks first. */
export const contractDiff: View<ContractDiffDocument> = ({ stack, against, changes }, { palette, width }) => {
  const heading = palette.strong(`contracts of ${stack} against ${against}`);
  if (changes.length === 0) return [`${heading}: ${palette.good(`${SIGN.done} the same`)}`];
  const breaking = changes.filter(({ breaks }) => breaks.length > 0).length;
  const summary = `${counted(changes.length, 'change')}, ${breaking} breaking`;
  const ordered = [...changes].sort((a, b) => b.breaks.length - a.breaks.length);
  return [
    `${heading}: ${summary}`,
    ...ordered.flatMap(({ event, field, what, breaks }) => {
      const sign =
        breaks.length > 0 ? palette.bad(`${SIGN.failed} breaks`) : palette.good(`${SIGN.done} safe  `);
      const name = field === '' ? event : `${event} ${field}`;
      return [
        ...wrap(`${name}: ${what}`, width - 12).map((line, index) =>
          index === 0 ? `  ${sign}  ${line}` : `            ${line}`,
        ),
        ...breaks.map((each) => `            ${palette.faint(WHO[each] ?? each)}`),
      ];
    }),
  ];
};

/** One line an event; a second one for what does not keep to its contract. */
export const event: View<EventDocument> = (
  { seenAt, routingKey, type, source, correlationId, problem, text },
  { palette, width },
) => {
  const time = seenAt.slice(11, 23);
  const who = [type ?? 'no event', source === undefined ? '' : `from ${source}`].filter(Boolean).join(' ');
  const line = `${palette.faint(time)}  ${routingKey}  ${palette.strong(who)}`;
  const id =
    correlationId === undefined ? [] : [`              ${palette.faint(`correlation ${correlationId}`)}`];
  const wrong =
    problem === undefined
      ? []
      : wrap(
          `${SIGN.failed} ${problem}${text === undefined ? '' : `: ${text.slice(0, 200)}`}`,
          width - 14,
        ).map((each) => `              ${palette.bad(each)}`);
  return [line, ...id, ...wrong];
};

/** Where it went, and the ids to follow it by. */
export const published: View<PublishedDocument> = (
  { type, id, correlationId, exchange, routingKey },
  { palette },
) => [
  `${palette.good(`${SIGN.done} confirmed`)}  ${palette.strong(type)} to ${exchange} with ${routingKey}`,
  `  id           ${id}`,
  `  correlation  ${correlationId}`,
];

/** What became of each dead letter. */
export const replayed: View<ReplayedDocument> = ({ from, letters }, { palette, width, verbose }) => {
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
