import type { SeenEvent } from '../../../model/event.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { wrap } from '../../layout.ts';
import { SIGN } from '../../terminal/view.ts';

/** One event that passed. */
export interface EventDocument extends SeenEvent {
  kind: 'event';
}

/** One line an event; a second one for what does not keep to its contract. */
const event: View<EventDocument> = (
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

export const form: DocumentForm<EventDocument> = {
  terminal: event,
};
