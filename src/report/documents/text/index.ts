import type { DocumentForm, View } from '../../document-form.ts';
import { SIGN } from '../../terminal/view.ts';

/** A text that is what was asked for: a graph, an export, generated types. */
export interface TextDocument {
  kind: 'text';
  stack: string;
  format: string;
  text: string;
  /** Where it was written; printed when left out. */
  file?: string;
}

/** The text itself, or where it was written. */
const text: View<TextDocument> = ({ text: content, format, file }, { palette }) =>
  file === undefined
    ? content.trimEnd().split('\n')
    : [`${palette.good(`${SIGN.done} written`)}  ${file} (${format})`];

export const form: DocumentForm<TextDocument> = {
  terminal: text,
  verbatim: true,
};
