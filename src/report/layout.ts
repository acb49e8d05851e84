import { widthOf } from './width.ts';

/** Fills up with blanks to a width in columns, as a terminal counts them. */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text;
}

/** Breaks plain text into lines of at most `width` columns, between words where possible. Line feeds are kept. */
export function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = [];
    let line = '';
    for (const word of paragraph.split(' ').flatMap((each) => pieces(each, width))) {
      const longer = line === '' ? word : `${line} ${word}`;
      if (line !== '' && widthOf(longer) > width) {
        lines.push(line);
        line = word;
      } else {
        line = longer;
      }
    }
    return [...lines, line];
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
const LEADING = /^((?:\u001b\[[\d;]*m)*)( *)/;
const HANGING = 2;

/** A line, painted or not, that is longer than `width` in several: those below the first stand further to the right. */
export function hanging(line: string, width: number): string[] {
  if (widthOf(line) <= width) return [line];
  const [before = '', paint = '', blanks = ''] = LEADING.exec(line) ?? [];
  const room = Math.max(LEAST_WRAPPED, width - blanks.length - HANGING);
  return wrap(paint + line.slice(before.length), room).map((part, index) =>
    index === 0 ? blanks + part : blanks + ' '.repeat(HANGING) + part,
  );
}

/** Cuts plain text that is longer than `width` columns, with a sign that it was cut. */
export function truncate(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let cut = '';
  for (const character of text) {
    if (widthOf(cut + character) > width - 1) break;
    cut += character;
  }
  return `${cut}…`;
}

export interface Cell {
  text: string;
  paint?: ((text: string) => string) | undefined;
}

export interface TableOptions {
  indent: number;
  width: number;
  /** Indexes of the columns whose cells stand on the right. */
  right?: readonly number[];
}

/** Least columns that the last column of a table keeps; below that lines grow longer than asked for. */
const LEAST_WRAPPED = 20;
const GAP = 2;

/** Rows in columns of equal width. The last column takes what is left of the line, and wraps. */
export function table(rows: readonly Cell[][], { indent, width, right = [] }: TableOptions): string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(...rows.map((row) => widthOf(row[column]?.text ?? ''))),
  );
  const start = indent + widths.slice(0, -1).reduce((sum, each) => sum + each + GAP, 0);
  const room = Math.max(LEAST_WRAPPED, width - start);
  return rows.flatMap((row) => {
    const left = Array.from({ length: count - 1 }, (_, column) => {
      const { text = '', paint = same } = row[column] ?? {};
      const pad = right.includes(column) ? padStart : padEnd;
      return pad(paint(text), widths[column] ?? 0);
    });
    const { text = '', paint = same } = row[count - 1] ?? {};
    return wrap(text, room).map((line, index) => {
      const before =
        index === 0 ? left.map((cell) => cell + ' '.repeat(GAP)).join('') : ' '.repeat(start - indent);
      return (' '.repeat(indent) + before + (line === '' ? '' : paint(line))).trimEnd();
    });
  });
}

function same(text: string): string {
  return text;
}

/** A word that is longer than a line, in pieces that are not. */
function pieces(word: string, width: number): string[] {
  if (widthOf(word) <= width) return [word];
  const parts: string[] = [];
  let part = '';
  for (const character of word) {
    if (widthOf(part + character) > width) {
      parts.push(part);
      part = '';
    }
    part += character;
  }
  return [...parts, part];
}
