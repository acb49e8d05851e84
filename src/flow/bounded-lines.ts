/** Enough for an error document or a stack trace; a page of HTML is cut. */
const MOST_CHARACTERS = 2_000;
const MOST_LINES = 20;

/** The lines of a text; of a long one the beginning and the end, as errors stand at either, and what was left out. */
export function boundedLines(text: string): string[] {
  const lines = text
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => cut(line, MOST_CHARACTERS));
  if (lines.length <= MOST_LINES) return withinCharacters(lines);
  const half = MOST_LINES / 2;
  const left = `… ${lines.length - MOST_LINES} lines left out`;
  return withinCharacters([...lines.slice(0, half), left, ...lines.slice(-half)]);
}

function withinCharacters(lines: string[]): string[] {
  const each = Math.max(80, Math.floor(MOST_CHARACTERS / Math.max(1, lines.length)));
  const total = lines.reduce((sum, line) => sum + line.length, 0);
  return total <= MOST_CHARACTERS ? lines : lines.map((line) => cut(line, each));
}

function cut(line: string, most: number): string {
  return line.length <= most ? line : `${line.slice(0, most)}… (${line.length - most} characters left out)`;
}
