import type { RotateResult } from '../../../model/lifecycle.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { SIGN } from '../../terminal/view.ts';

/** What `secrets rotate` did. */
export interface RotatedDocument extends RotateResult {
  kind: 'rotated';
}

/** Which have new values, and what was started anew for them. */
const rotated: View<RotatedDocument> = ({ stack, rotated: names, restarted, kept }, { palette }) => [
  `${palette.strong(stack)}  ${palette.good(`${SIGN.done} rotated`)}: ${names.join(', ')}`,
  ...(restarted.length === 0 ? [] : [`  started anew: ${restarted.join(', ')}`]),
  ...(kept.length === 0 ? [] : [palette.faint(`  went on: ${kept.join(', ')}`)]),
];

export const form: DocumentForm<RotatedDocument> = {
  terminal: rotated,
};
