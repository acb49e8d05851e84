import type { ContractChange } from '../../../model/contract.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { wrap } from '../../layout.ts';
import { counted, SIGN } from '../../terminal/view.ts';

/** What has changed in the contracts of the events. */
export interface ContractDiffDocument {
  kind: 'contract-diff';
  stack: string;
  against: string;
  /** `file`: the contract, relative to where the command was given, where it is still there. */
  changes: (ContractChange & { file?: string })[];
}

/** What has changed, what breaks first. */
const contractDiff: View<ContractDiffDocument> = ({ stack, against, changes }, { palette, width }) => {
  const heading = palette.strong(`contracts of ${stack} against ${against}`);
  if (changes.length === 0) return [`${heading}: ${palette.good(`${SIGN.done} the same`)}`];
  const breaking = changes.filter(({ breaks }) => breaks.length > 0).length;
  const summary = `${counted(changes.length, 'change')}, ${breaking} breaking`;
  const ordered = [...changes].sort((a, b) => b.breaks.length - a.breaks.length);
  return [
    `${heading}: ${summary}`,
    ...ordered.flatMap(({ event, field, what, breaks }) => {
      const sign =
        breaks.length > 0 ? palette.bad(`${SIGN.failed} breaks`) : palette.good(`${SIGN.done} safe  `);
      const name = field === '' ? event : `${event} ${field}`;
      return [
        ...wrap(`${name}: ${what}`, width - 12).map((line, index) =>
          index === 0 ? `  ${sign}  ${line}` : `            ${line}`,
        ),
        ...breaks.map((each) => `            ${palette.faint(WHO[each] ?? each)}`),
      ];
    }),
  ];
};

const WHO: Readonly<Record<string, string>> = {
  backward: 'who has the new contract refuses old events',
  forward: 'who has the old contract refuses new events',
};

export const form: DocumentForm<ContractDiffDocument> = {
  terminal: contractDiff,
  notices: ({ changes }) =>
    changes
      .filter(({ breaks }) => breaks.length > 0)
      .map(({ event, field, what, breaks, file }) => {
        const subject = [event, field].filter((name) => name !== '').join(' ');
        return {
          severity: 'error',
          code: `contract-breaks-${breaks.join('-')}`,
          subject,
          message: `${subject}: ${what}`,
          title: `qbtc events diff: breaks ${breaks.join(' and ')} compatibility`,
          ...(file === undefined ? {} : { place: { file } }),
        };
      }),
};
