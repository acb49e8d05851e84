import { bytesOf } from '../../../matching/bytes.ts';
import { compilePattern } from '../../../matching/pattern.ts';
import { unavailable } from '../unavailable.ts';

/** One of response-rewrite's filters. */
export interface SubstitutionConfiguration {
  regex: string;
  scope?: 'once' | 'global';
  replace: string;
  /** The flags of `ngx.re`. */
  options?: string;
}

/** Gives a text, one character a byte, with what matches replaced. */
export type Substitution = (text: string) => string;

/** Those that would make a pattern match otherwise, and that `compilePattern` has not. */
const LACKING = /[dDJuU]/;
const UNKNOWN = /[^adDijJmosuUx]/;

/**
 * Prepares a substitution as `ngx.re.sub` and `ngx.re.gsub` carry it out.
 *
 * @throws Error that says what is wrong with it
 */
export function substitution(configuration: SubstitutionConfiguration): Substitution {
  const { regex, scope = 'once', replace, options = 'jo' } = configuration;
  const unknown = UNKNOWN.exec(options)?.[0];
  if (unknown !== undefined) throw new Error(`unknown flag "${unknown}" (flags "${options}")`);
  const lacking = LACKING.exec(options)?.[0];
  if (lacking !== undefined) throw new Error(unavailable(`the flag "${lacking}" of a regular expression`));
  const pattern = compilePattern(regex, options);
  const by = replacement(replace);
  const range = scope === 'global' ? 'all' : 'first';
  return (text) => pattern.replace(text, (captures) => by(captures), range);
}

/** Gives a replacement with captures in it; `encode` is done to each before. */
export type Replacement = (captures: readonly string[], encode?: (capture: string) => string) => string;

/**
 * Prepares a replacement, which gives one character a byte: `$1` and `${1}` are captures, `$$` is the sign; nothing else may begin
 * with a dollar sign (lua-nginx-module, `ngx.re.sub`).
 *
 * @throws Error that says what is wrong with it
 */
export function replacement(text: string): Replacement {
  const pieces: (string | number)[] = [];
  let end = 0;
  for (const { 0: found, 1: digits, 2: braced, index } of text.matchAll(/\$(?:(\d+)|\{(\d+)\}|\$|)/g)) {
    if (found === '$') throw new Error('invalid capturing variable name found in the replacement');
    pieces.push(bytesOf(text.slice(end, index)), found === '$$' ? '$' : Number(digits ?? braced));
    end = index + found.length;
  }
  pieces.push(bytesOf(text.slice(end)));
  return (captures, encode = (capture) => capture) =>
    pieces.map((piece) => (typeof piece === 'string' ? piece : encode(captures[piece] ?? ''))).join('');
}
