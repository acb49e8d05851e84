import type { Undone } from '../../../model/chaos.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { wrap } from '../../layout.ts';
import { counted, SIGN } from '../../terminal/view.ts';

export interface UndoneDocument {
  kind: 'undone';
  stack: string;
  undone: Undone[];
}

const undone: View<UndoneDocument> = ({ stack, undone: all }, { palette, width }) => [
  `${palette.strong(stack)}  ${all.length === 0 ? 'nothing was injected' : `${counted(all.length, 'fault')}`}`,
  ...all.flatMap(({ fault, status, reason = '' }) => [
    status === 'done'
      ? `  ${palette.good(`${SIGN.done} undone`)}  ${fault}`
      : `  ${palette.bad(`${SIGN.failed} failed`)}  ${fault}`,
    ...(reason === '' ? [] : wrap(reason, width - 6).map((line) => `      ${line}`)),
  ]),
];

export const form: DocumentForm<UndoneDocument> = {
  terminal: undone,
};
