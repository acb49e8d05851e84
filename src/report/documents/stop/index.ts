import type { StopResult } from '../../../model/lifecycle.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { SIGN } from '../../terminal/view.ts';

/** What `stop` ended. */
export interface StopDocument extends StopResult {
  kind: 'stop';
}

/** What was ended, and what runs on without it. */
const stop: View<StopDocument> = ({ stack, stopped, stranded }, { palette }) => [
  `${palette.strong(stack)}  ${
    stopped.length === 0
      ? palette.good(`${SIGN.done} none of it was running`)
      : `${palette.good(`${SIGN.done} ended`)}: ${stopped.join(', ')}`
  }`,
  ...(stranded.length === 0
    ? []
    : [palette.warning(`  ! runs on without what it needs: ${stranded.join(', ')}`)]),
];

export const form: DocumentForm<StopDocument> = {
  terminal: stop,
};
