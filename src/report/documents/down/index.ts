import type { DocumentForm, View } from '../../document-form.ts';
import { SIGN } from '../../terminal/view.ts';

export interface DownDocument {
  kind: 'down';
  stack: string;
  stopped: string[];
  /** Folders with data that were removed. */
  removed: string[];
}

/** What was ended and removed. */
const down: View<DownDocument> = ({ stack, stopped, removed }, style) => {
  const { strong, good } = style.palette;
  const first =
    stopped.length === 0
      ? good(`${SIGN.done} nothing was running`)
      : `${good(`${SIGN.done} ended`)}: ${stopped.join(', ')}`;
  return [
    `${strong(stack)}  ${first}`,
    ...removed.map((folder) => `  ${good(`${SIGN.done} removed`)} ${folder}`),
  ];
};

export const form: DocumentForm<DownDocument> = {
  terminal: down,
};
