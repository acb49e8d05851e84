import type { DocumentForm, View } from '../../document-form.ts';
import { SIGN } from '../../terminal/view.ts';

/** An event that was published. */
export interface PublishedDocument {
  kind: 'published';
  stack: string;
  id: string;
  type: string;
  correlationId: string;
  exchange: string;
  routingKey: string;
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
