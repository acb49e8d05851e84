import { InvalidArgumentError } from 'commander';
import { type Bounds, withinBounds } from '../../src/operations/bounds.ts';

/** A parser of options that are numbers within bounds, for commander. */
export function number(bounds: Bounds): (text: string) => number {
  const { min, max, whole } = bounds;
  return (text) => {
    const value = Number(text);
    const isNumber = whole ? /^\d+$/.test(text) : text.trim() !== '';
    if (!isNumber || !(value >= min && value <= max))
      throw new InvalidArgumentError(`found "${text}", expected ${withinBounds(bounds)}.`);
    return value;
  };
}
