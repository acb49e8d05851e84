import type { DocumentForm, View } from '../../document-form.ts';

export interface InjectedDocument {
  kind: 'injected';
  stack: string;
  fault: string;
}

const injected: View<InjectedDocument> = ({ stack, fault }, { palette }) => [
  `${palette.strong(stack)}  ${palette.warning(`${fault} is injected`)} and held; ${palette.accent('qbtc chaos undo')} takes it back`,
];

export const form: DocumentForm<InjectedDocument> = {
  terminal: injected,
};
