import type { DocumentForm, View } from '../../document-form.ts';

/** Where a part is seen in a browser. */
export interface AddressDocument {
  kind: 'address';
  stack: string;
  name: string;
  url: string;
  /** Whether it was given to a browser. */
  opened: boolean;
}

/** The address alone, for `$(...)`. */
const address: View<AddressDocument> = ({ url }, { palette }) => [palette.accent(url)];

export const form: DocumentForm<AddressDocument> = {
  terminal: address,
  verbatim: true,
};
