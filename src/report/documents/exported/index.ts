import type { DocumentForm, View } from '../../document-form.ts';
import { counted, SIGN } from '../../terminal/view.ts';

/** What the gateway should hold, or holds, in the form of another tool. */
export interface ExportedDocument {
  kind: 'exported';
  stack: string;
  format: string;
  text: string;
  objects: number;
  /** What the form has no place for. */
  losses: string[];
  /** Variables that stand for secrets in it. */
  variables: string[];
  /** Where it was written; printed when left out. */
  file?: string;
}

/** The file as it is, or where it went; what is lost, as comments of the file. */
const exported: View<ExportedDocument> = ({ text, objects, losses, variables, file }, { palette }) => {
  const lost = losses.map((loss) => palette.warning(`# lost: ${loss}`));
  const set =
    variables.length === 0 ? [] : [palette.warning(`# to be set where it is read: ${variables.join(', ')}`)];
  if (file === undefined) return [...lost, ...set, ...text.trimEnd().split('\n')];
  return [
    `${palette.good(`${SIGN.done} ${counted(objects, 'object')}`)} written to ${file}`,
    ...lost,
    ...set,
  ];
};

export const form: DocumentForm<ExportedDocument> = { terminal: exported, verbatim: true };
