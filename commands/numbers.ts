import { InvalidArgumentError } from 'commander';
import type { Bounds } from '../src/operations/bounds.ts';

/** A parser of options that are numbers within bounds, for commander. */
export function number({
  min,
  max,
  whole = true,
}: Omit<Bounds, 'whole'> & { whole?: boolean }): (text: string) => number {
  const expected = `a ${whole ? 'whole ' : ''}number from ${min} to ${max}`;
  return (text) => {
    const value = Number(text);
    const isNumber = whole ? /^\d+$/.test(text) : text.trim() !== '';
    if (!isNumber || !(value >= min && value <= max))
      throw new InvalidArgumentError(`found "${text}", expected ${expected}.`);
    return value;
  };
}
