import { type ComplexVector, DIMENSION } from '@stack/analysis/state';

/** A vector as a column of PostgreSQL holds it: the real parts, then the imaginary ones. */
export function toColumn({ re, im }: ComplexVector): number[] {
  return [...re, ...im];
}

export function fromColumn(column: readonly number[]): ComplexVector {
  return {
    re: Float64Array.from(column.slice(0, DIMENSION)),
    im: Float64Array.from(column.slice(DIMENSION)),
  };
}
