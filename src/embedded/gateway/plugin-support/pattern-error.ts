import { compilePattern, PatternError } from '../../../matching/pattern.ts';

/** Tells why a regular expression cannot be carried out; `undefined` when it can. */
export function patternError(source: string, flags = ''): string | undefined {
  try {
    compilePattern(source, flags);
    return undefined;
  } catch (error) {
    if (error instanceof PatternError) return error.message;
    throw error;
  }
}
