import { bytesOf } from './bytes.ts';
import { linearEngine } from './pattern/linear.ts';
import { nativeEngine } from './pattern/native.ts';
import { parsePattern } from './pattern/parse.ts';

export { PatternError } from './pattern/cursor.ts';

/** A regular expression of the configuration, as APISIX takes it (PCRE2 on bytes). Texts are one character a byte. */
export interface Pattern {
  test(text: string): boolean;
  /** The match and its groups (`$0`, `$1`, …); a group that took no part is empty. `undefined` for no match. */
  exec(text: string): string[] | undefined;
  /**
   * Puts something in the place of the first match, or of all that do not overlap, as `ngx.re.sub` and `ngx.re.gsub`
   * do. Gives the text itself back when nothing matches.
   */
  replace(text: string, by: (captures: readonly string[]) => string, scope: 'first' | 'all'): string;
}

/**
 * Prepares a regular expression that stands in the configuration. Every such expression goes through here: the time
 * that one takes grows with the length of the text and no faster, whatever the pattern and the text are, so that no
 * request can hold the process.
 *
 * @param source as it stands in the configuration, UTF-8
 * @param flags of `ngx.re`: `i`, `m`, `s`, `x`, `a`; `j` and `o` change nothing
 * @throws PatternError for what PCRE refuses, what cannot be carried out here, and what is too large
 */
export function compilePattern(source: string, flags = ''): Pattern {
  const parsed = parsePattern(bytesOf(source), flags);
  const engine = nativeEngine(parsed) ?? linearEngine(parsed);
  return {
    test: engine.test,
    exec: (text) => engine.read(text).next(0)?.captures,
    replace(text, by, scope) {
      const reading = engine.read(text);
      let result = '';
      let done = 0;
      let from = 0;
      while (from <= text.length) {
        const found = reading.next(from);
        if (found === undefined) break;
        const { start, end, captures } = found;
        result += text.slice(done, start) + by(captures);
        done = end;
        if (scope === 'first') break;
        from = end === start ? end + 1 : end;
      }
      return result + text.slice(done);
    },
  };
}
