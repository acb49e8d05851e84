import Big from 'big.js';

/** A decimal number without rounding: sums and products of money are exact. */
export type Decimal = Big;

// A number that is no whole one is refused: it has been rounded before it came here.
Big.strict = true;

/** @throws when the text is no decimal number */
export function decimal(text: string): Decimal {
  return new Big(text);
}

export const ZERO = decimal('0');

/** As Binance and PostgreSQL write it: never with an exponent. */
export function plain(value: Decimal): string {
  return value.toFixed();
}

/** The largest multiple of the step that is not above the value. */
export function floorTo(value: Decimal, step: Decimal): Decimal {
  if (step.eq(ZERO)) return value;
  const rest = value.mod(step);
  return rest.lt(ZERO) ? value.minus(rest).minus(step) : value.minus(rest);
}

/** The smallest multiple of the step that is not below the value. */
export function ceilTo(value: Decimal, step: Decimal): Decimal {
  const floor = floorTo(value, step);
  return floor.eq(value) ? value : floor.plus(step);
}

/** For statistics and charts; money stays decimal. */
export function toNumber(value: Decimal): number {
  return Number(value.toFixed());
}

/**
 * The decimal number that a price or quantity was before it was parsed: Binance writes at most 15 significant digits,
 * and those survive the way through a double (IEEE 754: `Number(text)` and back give the same digits).
 */
export function ofNumber(value: number): Decimal {
  return new Big(String(value));
}
