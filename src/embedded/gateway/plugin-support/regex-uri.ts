import { compilePattern } from '../../../matching/pattern.ts';
import { patternError } from './pattern-error.ts';
import { replacement } from './substitution.ts';

/** A pattern of `regex_uri` in a text: what it captured, and what stands before and behind the match. */
export interface Found {
  readonly captures: readonly string[];
  readonly before: string;
  readonly after: string;
}

/** No path and no target holds one: requests with it are refused. */
const MARK = '\0';

/** Prepares the pattern of a `regex_uri`; gives the first match in a path or target. */
export function uriPattern(source: string): (text: string) => Found | undefined {
  const pattern = compilePattern(source);
  return (text) => {
    let captures: readonly string[] | undefined;
    const take = (found: readonly string[]): string => {
      captures = found;
      return MARK;
    };
    const [before = '', after = ''] = pattern.replace(text, take, 'first').split(MARK);
    return captures && { captures, before, after };
  };
}

/** Tells why a pattern with its replacement cannot be carried out; `undefined` when it can. */
export function substitutionError(pattern: string, by: string): string | undefined {
  const error = patternError(pattern);
  if (error !== undefined) return error;
  try {
    replacement(by);
    return undefined;
  } catch (thrown) {
    return (thrown as Error).message;
  }
}
