import type { Dump } from '../../../model/routes.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { counted, SIGN } from '../../terminal/view.ts';

/** What a gateway holds, as a file. */
export interface DumpDocument extends Dump {
  kind: 'dump';
  stack: string;
  /** Where it was written; printed when left out. */
  file?: string;
}

/** The file as it is, or where it went. */
const dump: View<DumpDocument> = ({ yaml, objects, missing, file }, { palette }) => {
  const open = missing.map((text) => palette.warning(`# missing: ${text}`));
  if (file === undefined) return [...open, yaml.trimEnd()];
  return [`${palette.good(`${SIGN.done} ${counted(objects, 'object')}`)} written to ${file}`, ...open];
};

export const form: DocumentForm<DumpDocument> = {
  terminal: dump,
  verbatim: true,
};
