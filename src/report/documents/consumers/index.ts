import type { ListedConsumer } from '../../../model/consumer.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { table } from '../../layout.ts';
import { counted } from '../../terminal/view.ts';

/** Who may call the routes. */
export interface ConsumersDocument {
  kind: 'consumers';
  stack: string;
  consumers: ListedConsumer[];
}

/** Who may call the routes, and how they are known. */
const consumers: View<ConsumersDocument> = ({ stack, consumers: all }, { palette, width }) => [
  `${palette.strong(`consumers of ${stack}`)}: ${counted(all.length, 'consumer')}`,
  ...table(
    all.map(({ username, source, credentials, limit, createdAt, rotatedAt, previousValid }) => [
      { text: username, paint: palette.strong },
      { text: source === 'declared' ? 'qbtc.yaml' : 'added', paint: palette.faint },
      { text: counted(credentials, 'credential') },
      {
        text: [
          ...(limit === '' ? [] : [limit]),
          ...(createdAt === null ? [] : [`since ${createdAt.slice(0, 10)}`]),
          ...(rotatedAt === null ? [] : [`rotated ${rotatedAt.slice(0, 10)}`]),
          ...(previousValid ? ['the key before is still good'] : []),
        ].join(', '),
      },
    ]),
    { indent: 2, width },
  ),
];

export const form: DocumentForm<ConsumersDocument> = {
  terminal: consumers,
};
