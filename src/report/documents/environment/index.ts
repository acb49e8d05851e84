import type { ServiceEnvironment } from '../../../model/environment.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { SIGN } from '../../terminal/view.ts';

/** The variables of a service; what is secret of them is masked. */
export interface EnvironmentDocument extends ServiceEnvironment {
  kind: 'environment';
  /** The names of those that hold a secret. */
  secrets: string[];
  /** The same as a file of variables. */
  text: string;
  /** Where it was written; printed when left out. */
  file?: string;
}

const PLACE = { process: 'a process of this machine', container: 'a container' } as const;

/** A file of variables, or where it was written. */
const environment: View<EnvironmentDocument> = (
  { instance, runsIn, text, file, secrets },
  { palette: { faint, good, warning } },
) =>
  file === undefined
    ? [faint(`# ${instance}, as ${PLACE[runsIn]}`), ...text.trimEnd().split('\n')]
    : [
        `${good(`${SIGN.done} written`)}  ${file}`,
        ...(secrets.length === 0
          ? []
          : [warning(`  left out without --show-secrets: ${secrets.join(', ')}`)]),
      ];

export const form: DocumentForm<EnvironmentDocument> = {
  terminal: environment,
  verbatim: true,
  json: ({ kind: _, text: _text, file, ...shape }) => ({ ...shape, file: file ?? null }),
};
