import stringWidth from 'string-width';

/**
 * A column for each character: printable ASCII, the rest of Latin-1 but the soft hyphen, dashes and dots, arrows, lines and
 * blocks, and the marks of our own reports.
 */
const PLAIN =
  /^[\x20-\x7e\xa0-\xac\xae-\xff\u2010-\u2027\u2030-\u205e\u2190-\u2193\u2500-\u259f\u25cb\u25cf\u2714\u2716\u2718]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
const PAINT = /\u001b\[[\d;]*m/g;

/** The columns that a terminal takes for the text, colours left out. Plain text, which is nearly all, is only counted. */
export function widthOf(text: string): number {
  const shown = text.replace(PAINT, '');
  return PLAIN.test(shown) ? shown.length : stringWidth(shown);
}
