import { jsonText } from '../../../json.ts';
import type { SeenEvent } from '../../../model/event.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { truncate, wrap } from '../../layout.ts';
import { SIGN } from '../../terminal/view.ts';

/** One event that passed. */
export interface EventDocument extends SeenEvent {
  kind: 'event';
}

/** One line an event; a second one for what does not keep to its contract. */
const event: View<EventDocument> = (
  { seenAt, routingKey, type, source, correlationId, problem, text, base64, event: body },
  { palette, width },
) => {
  const time = seenAt.slice(11, 23);
  const who = [type ?? 'a message', source === undefined ? '' : `from ${source}`].filter(Boolean).join(' ');
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
  // What has no name says what it is by what it holds.
  const said =
    type !== undefined || problem !== undefined
      ? ''
      : truncate(onOneLine(text ?? base64 ?? jsonText(body)), width - 14);
  return [line, ...id, ...(said === '' ? [] : [`              ${said}`]), ...wrong];
};

/** The beginning, of which more than this fits into no line. */
function onOneLine(text: string): string {
  return text.slice(0, 1_000).replace(/\s+/g, ' ').trim();
}

export const form: DocumentForm<EventDocument> = {
  terminal: event,
};
