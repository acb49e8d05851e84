/** A text as a regular expression that matches it alone, in JavaScript as in PCRE, RE2 and Erlang. */
export function literalPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
