import { type ExactNumber, numberOf } from '../json.ts';

/**
 * A number of YAML with all of its digits. Decimal notation alone is read anew: `0x10`, `.inf` and the like have few.
 *
 * @param source as it is written, where that is known
 * @param value what a parser has made of it
 */
export function exactNumber(source: string | undefined, value: number): ExactNumber {
  return source !== undefined && /^[-+]?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(source) ? numberOf(source) : value;
}
