import type { HealResult } from '../../../model/heal.ts';
import type { DocumentForm } from '../../document-form.ts';
import { heal } from '../../terminal/heal.ts';

/** What `heal` did, or would do. */
export interface HealDocument extends HealResult {
  kind: 'heal';
}

export const form: DocumentForm<HealDocument> = {
  terminal: heal,
  json: ({ kind: _, ...document }) => ({ ...document, after: document.after ?? null }),
};
