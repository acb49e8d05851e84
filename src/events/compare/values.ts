import { isDeepStrictEqual } from 'node:util';
import type { Schema } from '../schema-file.ts';
import { BACKWARD, BOTH, FORWARD, type Note } from './change.ts';

const LOWER_BOUNDS = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
const UPPER_BOUNDS = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];
const OTHER_LIMITS = ['pattern', 'format', 'multipleOf'];
/** What this file compares. */
export const OF_VALUES = [
  ...['type', 'enum', 'const', 'uniqueItems'],
  ...LOWER_BOUNDS,
  ...UPPER_BOUNDS,
  ...OTHER_LIMITS,
];

/** What has changed in which single values a schema takes. */
export function compareValues(old: Schema, next: Schema, note: Note): void {
  compareTypes(old, next, note);
  compareLists(old, next, note);
  compareBounds(old, next, note);
}

function compareTypes(old: Schema, next: Schema, note: Note): void {
  const [from, to] = [typesOf(old), typesOf(next)];
  const lost = from.filter((type) => !allows(to, type));
  const won = to.filter((type) => !allows(from, type));
  if (lost.length > 0) note(`is no longer ${lost.join(', ')}`, BACKWARD);
  if (won.length > 0) note(`may be ${won.join(', ')}`, FORWARD);
}

function compareLists(old: Schema, next: Schema, note: Note): void {
  const [from, to] = [valuesOf(old), valuesOf(next)];
  if (from === undefined && to === undefined) return;
  if (from === undefined || to === undefined) {
    if (to === undefined) note('may have any value', FORWARD);
    else note(`is only ${shown(to)}`, BACKWARD);
    return;
  }
  const has = (list: readonly unknown[], value: unknown) =>
    list.some((each) => isDeepStrictEqual(each, value));
  const lost = from.filter((value) => !has(to, value));
  const won = to.filter((value) => !has(from, value));
  if (lost.length > 0) note(`no longer has the values ${shown(lost)}`, BACKWARD);
  if (won.length > 0) note(`has the new values ${shown(won)}`, FORWARD);
}

function compareBounds(old: Schema, next: Schema, note: Note): void {
  const compare = (keyword: string, narrower: (from: number, to: number) => boolean) => {
    const [from, to] = [old[keyword], next[keyword]];
    if (from === to) return;
    const what = `${keyword} ${from === undefined ? 'is' : `${String(from)} became`} ${String(to ?? 'none')}`;
    const isNarrower = from === undefined || (to !== undefined && narrower(Number(from), Number(to)));
    note(what, isNarrower ? BACKWARD : FORWARD);
  };
  for (const keyword of LOWER_BOUNDS) compare(keyword, (from, to) => to > from);
  for (const keyword of UPPER_BOUNDS) compare(keyword, (from, to) => to < from);
  const [unique, isUnique] = [old.uniqueItems === true, next.uniqueItems === true];
  if (unique !== isUnique) note(`uniqueItems is ${isUnique}`, isUnique ? BACKWARD : FORWARD);
  for (const keyword of OTHER_LIMITS) {
    const [from, to] = [old[keyword], next[keyword]];
    if (from === to) continue;
    const breaks = from === undefined ? BACKWARD : to === undefined ? FORWARD : BOTH;
    note(`${keyword} ${String(from ?? 'none')} became ${String(to ?? 'none')}`, breaks);
  }
}

const ALL_TYPES = ['string', 'number', 'boolean', 'null', 'object', 'array'];

export function typesOf({ type }: Schema): string[] {
  return type === undefined ? ALL_TYPES : [type].flat();
}

/** Every integer is a number. */
function allows(types: readonly string[], type: string): boolean {
  return types.includes(type) || (type === 'integer' && types.includes('number'));
}

/** The only values that a schema takes; both `const` and `enum` hold where both stand. */
export function valuesOf(schema: Schema): readonly unknown[] | undefined {
  const listed = Array.isArray(schema.enum) ? (schema.enum as unknown[]) : undefined;
  if (!Object.hasOwn(schema, 'const')) return listed;
  const isListed = listed?.some((value) => isDeepStrictEqual(value, schema.const)) ?? true;
  return isListed ? [schema.const] : [];
}

function shown(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join(', ');
}
