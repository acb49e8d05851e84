import type { FaultKindName } from '../../../model/chaos.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { table } from '../../layout.ts';

/** What `chaos` can do to the stack, and has done. */
export interface ChaosDocument {
  kind: 'chaos';
  stack: string;
  allowed: boolean;
  experiments: { name: string; description: string }[];
  faults: { kind: FaultKindName; about: string; subjects: string[] }[];
  injected: { name: string; at: string }[];
}

/** The experiments, the faults by kind with their subjects, and what is injected now. */
const chaos: View<ChaosDocument> = ({ stack, allowed, experiments, faults, injected }, style) => {
  const { strong, faint, warning, accent } = style.palette;
  return [
    `${strong(stack)}  ${allowed ? 'chaos is allowed' : warning('chaos is not allowed (chaos.allowed in qbtc.yaml)')}`,
    '',
    strong('Experiments'),
    ...(experiments.length === 0 ? ['  none'] : []),
    ...table(
      experiments.map(({ name, description }) => [{ text: name, paint: accent }, { text: description }]),
      { indent: 2, width: style.width },
    ),
    '',
    strong('Faults'),
    ...table(
      faults.map(({ kind, about, subjects }) => [
        { text: `…-${kind}`, paint: accent },
        { text: `${about}: ${subjects.length === 0 ? 'nothing here' : subjects.join(', ')}` },
      ]),
      { indent: 2, width: style.width },
    ),
    '',
    ...(injected.length === 0
      ? [faint('nothing is injected')]
      : [
          warning(`injected: ${injected.map(({ name }) => name).join(', ')}`),
          `  ${accent('qbtc chaos undo')}`,
        ]),
  ];
};

export const form: DocumentForm<ChaosDocument> = {
  terminal: chaos,
};
