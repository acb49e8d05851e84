import { InvalidArgumentError } from 'commander';

/** A parser of options that are whole numbers within bounds, for commander. */
export function integer(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < minimum || value > maximum) {
      throw new InvalidArgumentError(
        `found "${text}", expected a whole number from ${minimum} to ${maximum}.`,
      );
    }
    return value;
  };
}

/** A parser of options that are numbers within bounds, for commander. */
export function number(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= minimum && value <= maximum)) {
      throw new InvalidArgumentError(`found "${text}", expected a number from ${minimum} to ${maximum}.`);
    }
    return value;
  };
}
