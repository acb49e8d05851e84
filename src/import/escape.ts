import type { ImportedObject } from '../model/import.ts';
import { isRecord } from '../record.ts';

/** APISIX's own variables, and groups of regular expressions: files of the gateway read both as they are. */
const OURS_TOO = /\$\{(?!\{|\d+\})/g;

/** A value whose `${…}` is plain text: in a file of the stack it would be a reference. */
export function escaped<Value>(value: Value): Value {
  return mapText(value, (text) => text.replace(OURS_TOO, '$$$${'));
}

/** An imported object, whose text is that of another tool. */
export const escapedObject = (item: ImportedObject): ImportedObject => ({
  ...item,
  object: escaped(item.object),
});

/** The value with every text in it changed, those of keys too. */
export function mapText<Value>(value: Value, change: (text: string) => string): Value {
  if (typeof value === 'string') return change(value) as Value;
  if (Array.isArray(value)) return value.map((each) => mapText(each, change)) as Value;
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [change(name), mapText(each, change)]),
  ) as Value;
}
