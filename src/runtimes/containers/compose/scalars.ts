import * as z from 'zod';
import { shellWords } from './shell-words.ts';

/** The values of a compose file in all their forms (Compose specification; what a variable has filled in is a text). */

/** A text; a number or a truth value stands for its digits and letters. */
export const text = z
  .union([z.string(), z.number(), z.bigint(), z.boolean()], { error: 'expected a text' })
  .transform(String);

/** As compose reads a truth value that a variable has filled in. */
const TRUTHS: Record<string, boolean> = {
  ...Object.fromEntries(['true', 'y', 'yes', 'on'].map((word) => [word, true])),
  ...Object.fromEntries(['false', 'n', 'no', 'off'].map((word) => [word, false])),
};
export const truth = z.unknown().transform((value, context): boolean => {
  const known = typeof value === 'boolean' ? value : TRUTHS[String(value).toLowerCase()];
  if (known === undefined) context.addIssue(`found ${JSON.stringify(value)}, expected true or false`);
  return known ?? false;
});

export const number = z.unknown().transform((value, context): number => {
  const known = value === null || value === '' ? Number.NaN : Number(value);
  if (Number.isNaN(known)) context.addIssue(`found ${shown(value)}, expected a number`);
  return known;
});

export const count = number.refine((value) => Number.isInteger(value) && value >= 0, {
  error: 'expected a whole number',
});

/** One text or several. */
export const textOrList = z
  .union([z.array(text), text.transform((one) => [one])], { error: 'expected a text or a list of texts' })
  .default([]);

/** Words; a text is split as compose does. `null` is nothing said. */
export const command = z
  .union([z.array(text), z.string(), z.null()], { error: 'expected a text or a list of words' })
  .transform((value, context): string[] | undefined => {
    if (value === null) return undefined;
    if (typeof value !== 'string') return value;
    const words = shellWords(value);
    if (Array.isArray(words)) return words;
    context.addIssue(words.problem);
    return undefined;
  })
  .optional();

/** `{A: 1}` or `[A=1]`; a name alone has no value. */
export const pairs = z
  .union([z.record(z.string(), z.union([text, z.null()])), z.array(text)], {
    error: 'expected NAME: VALUE, or a list of NAME=VALUE',
  })
  .transform((value): Record<string, string | null> => {
    if (!Array.isArray(value)) return value;
    return Object.fromEntries(
      value.map((entry): [string, string | null] => {
        const at = entry.indexOf('=');
        return at < 0 ? [entry, null] : [entry.slice(0, at), entry.slice(at + 1)];
      }),
    );
  })
  .default({});

/** The same where a name alone stands for an empty text. */
export const filledPairs = pairs.transform(
  (values): Record<string, string> =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value ?? ''])),
);

const BYTES = /^(\d+(?:\.\d+)?) ?([kmgtp])?i?b?$/i;
const UNITS = ['k', 'm', 'g', 't', 'p'];
export const bytes = z.unknown().transform((value, context) => {
  const [, amount, unit] = BYTES.exec(String(value)) ?? [];
  if (amount === undefined) {
    context.addIssue(`found ${shown(value)}, expected an amount such as 512m`);
    return 0;
  }
  const power = unit === undefined ? 0 : UNITS.indexOf(unit.toLowerCase()) + 1;
  return Math.floor(Number(amount) * 1024 ** power);
});

const MILLISECONDS: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
/** In milliseconds: `1m30s`, `5s`, `200ms`, `1d`. */
export const duration = z.unknown().transform((value, context) => {
  const written = String(value);
  const parts = [...written.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d|w)/g)];
  if (written !== '0' && (parts.length === 0 || parts.map(([whole]) => whole).join('') !== written))
    context.addIssue(`found ${shown(value)}, expected a duration such as 10s`);
  return parts.reduce((sum, [, amount, unit = 's']) => sum + Number(amount) * (MILLISECONDS[unit] ?? 0), 0);
});

export function shown(value: unknown): string {
  const plain = (_: string, each: unknown) => (typeof each === 'bigint' ? Number(each) : each);
  return typeof value === 'bigint' ? String(value) : (JSON.stringify(value, plain) ?? 'nothing');
}
