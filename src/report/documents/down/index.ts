import type { DownResult } from '../../../model/lifecycle.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { SIGN } from '../../terminal/view.ts';

export interface DownDocument extends DownResult {
  kind: 'down';
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
