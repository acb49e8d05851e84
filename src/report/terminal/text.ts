import type { TextDocument } from '../document.ts';
import { SIGN, type View } from './view.ts';

/** The text itself, or where it was written. */
export const text: View<TextDocument> = ({ text: content, format, file }, { palette }) =>
  file === undefined
    ? content.trimEnd().split('\n')
    : [`${palette.good(`${SIGN.done} written`)}  ${file} (${format})`];
