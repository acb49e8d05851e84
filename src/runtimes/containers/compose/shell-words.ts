/** What a shell would do with the rest; compose runs none. */
const OPERATORS = new Set([';', '&', '|', '<', '>', '(', ')', '`']);
const SPACES = new Set([' ', '\t', '\r', '\n']);
const ESCAPED: Record<string, string> = { t: '\t', n: '\n' };

/**
 * The words of a `command` or `entrypoint` that is a text, as compose splits it (go-shellwords): no shell runs it, quotes
 * hold words together, a backslash outside of single quotes takes the next character as it is.
 *
 * @returns the words, or what cannot be done: what compose would cut off without a word
 */
export function shellWords(text: string): string[] | { problem: string } {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  const characters = [...text];
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? '';
    if (character === '\\' && quote !== "'") {
      at += 1;
      const next = characters[at];
      if (next === undefined)
        return { problem: 'found a backslash at the end, expected a character after it' };
      word = (word ?? '') + (ESCAPED[next] ?? next);
    } else if (quote !== undefined) {
      if (character === quote) quote = undefined;
      else word = (word ?? '') + character;
    } else if (SPACES.has(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (OPERATORS.has(character)) {
      return {
        problem: `found ${character} outside of quotes, but no shell runs the text; expected ["sh", "-c", "…"]`,
      };
    } else word = (word ?? '') + character;
  }
  if (quote !== undefined) return { problem: `found no closing ${quote}` };
  if (word !== undefined) words.push(word);
  return words;
}
