import stringWidth from 'string-width';

/** Printable ASCII: a column for each character. */
const PLAIN = /^[\x20-\x7e]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
const PAINT = /\u001b\[[\d;]*m/g;

/** The columns that a terminal takes for the text, colours left out. Plain text, which is nearly all, is only counted. */
export function widthOf(text: string): number {
  const shown = text.replace(PAINT, '');
  return PLAIN.test(shown) ? shown.length : stringWidth(shown);
}
