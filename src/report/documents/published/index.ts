import type { PublishedEvent } from '../../../model/event.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { SIGN } from '../../terminal/view.ts';

/** An event that was published. */
export interface PublishedDocument extends PublishedEvent {
  kind: 'published';
  stack: string;
}

/** Where it went, and the ids to follow it by. */
const published: View<PublishedDocument> = (
  { type, id, correlationId, exchange, routingKey },
  { palette },
) => [
  `${palette.good(`${SIGN.done} confirmed`)}  ${palette.strong(type)} to ${exchange} with ${routingKey}`,
  `  id           ${id}`,
  `  correlation  ${correlationId}`,
];

export const form: DocumentForm<PublishedDocument> = {
  terminal: published,
};
