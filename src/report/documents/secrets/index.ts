import type { SecretSubject, SecretUse } from '../../../model/secret.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { table } from '../../layout.ts';

/** The secrets of the stack, without their values. */
export interface SecretsDocument {
  kind: 'secrets';
  stack: string;
  secrets: SecretUse[];
}

/** What secrets there are, never their values. */
const secrets: View<SecretsDocument> = ({ stack, secrets: all }, { palette, width }) => [
  palette.strong(stack),
  '',
  ...table(
    all.map(({ name, subject, services }) => [
      { text: name, paint: palette.strong },
      { text: purposeOf(subject) },
      { text: services.length === 0 ? '' : `used by ${services.join(', ')}`, paint: palette.faint },
    ]),
    { indent: 2, width },
  ),
];

function purposeOf(subject: SecretSubject): string {
  switch (subject.kind) {
    case 'resource':
      return `password or key of ${subject.resource}`;
    case 'keyring':
      return `encrypts what ${subject.resource} keeps`;
    case 'role':
      return `role of ${subject.service} in ${subject.resource}`;
    case 'account':
      return `account of ${subject.service} at ${subject.resource}`;
    case 'declared':
      return 'declared in qbtc.yaml';
    case 'asked':
      return `not made: ${subject.ask}`;
  }
}

export const form: DocumentForm<SecretsDocument> = {
  terminal: secrets,
};
