import type { RotatedDocument, SecretsDocument } from '../document.ts';
import { table } from '../layout.ts';
import { SIGN, type View } from './view.ts';

/** What secrets there are, never their values. */
export const secrets: View<SecretsDocument> = ({ stack, secrets: all }, { palette, width }) => [
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

/** Which have new values, and what was started anew for them. */
export const rotated: View<RotatedDocument> = ({ stack, rotated: names, restarted, kept }, { palette }) => [
  `${palette.strong(stack)}  ${palette.good(`${SIGN.done} rotated`)}: ${names.join(', ')}`,
  ...(restarted.length === 0 ? [] : [`  started anew: ${restarted.join(', ')}`]),
  ...(kept.length === 0 ? [] : [palette.faint(`  went on: ${kept.join(', ')}`)]),
];
