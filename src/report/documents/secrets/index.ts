import type { DocumentForm, View } from '../../document-form.ts';
import { table } from '../../layout.ts';

/** The secrets of the stack, without their values. */
export interface SecretsDocument {
  kind: 'secrets';
  stack: string;
  secrets: {
    name: string;
    subject: {
      kind: 'resource' | 'keyring' | 'role' | 'account' | 'declared';
      resource?: string;
      service?: string;
    };
    services: string[];
  }[];
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

function purposeOf({
  kind,
  resource = '',
  service = '',
}: SecretsDocument['secrets'][number]['subject']): string {
  switch (kind) {
    case 'resource':
      return `password or key of ${resource}`;
    case 'keyring':
      return `encrypts what ${resource} keeps`;
    case 'role':
      return `role of ${service} in ${resource}`;
    case 'account':
      return `account of ${service} at ${resource}`;
    case 'declared':
      return 'declared in qbtc.yaml';
  }
}

export const form: DocumentForm<SecretsDocument> = {
  terminal: secrets,
};
