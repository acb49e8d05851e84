/** Text of others in a cell or a line of Markdown: no line feed, no bar, nothing that Markdown or HTML would read. */
export function cell(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/[\\`*_[\]|~#]/g, (sign) => `\\${sign}`);
}
