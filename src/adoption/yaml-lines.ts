import { stringify } from 'yaml';

/** A value as it is written: a scalar, a list of them on one line, or a mapping or list of mappings with lines of its own. */
export type Value = string | number | boolean | readonly string[] | readonly number[] | Entry[] | ListOf;
/** A list of mappings. */
export interface ListOf {
  items: Entry[][];
}
/** A line `key: value # comment`. */
export interface Entry {
  key: string;
  value: Value;
  comment?: string;
}

const ON_ONE_LINE = {
  lineWidth: 0,
  collectionStyle: 'flow',
  flowCollectionPadding: false,
  doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
} as const;

/** YAML with a comment at the end of each line that has one. */
export function yamlLines(entries: readonly Entry[], indent = ''): string[] {
  return entries.flatMap(({ key, value, comment }) => {
    const start = `${indent}${scalar(key)}:`;
    const end = comment === undefined ? '' : ` # ${comment.replaceAll(/\s+/g, ' ')}`;
    if (isListOf(value))
      return [`${start}${end}`, ...value.items.flatMap((item) => listItem(item, `${indent}  `))];
    if (isEntries(value)) return [`${start}${end}`, ...yamlLines(value, `${indent}  `)];
    return [`${start} ${scalar(value)}${end}`];
  });
}

function listItem(item: readonly Entry[], indent: string): string[] {
  return yamlLines(item, `${indent}  `).map((line, index) =>
    index === 0 ? `${indent}- ${line.slice(indent.length + 2)}` : line,
  );
}

function scalar(value: Exclude<Value, Entry[] | ListOf>): string {
  const several = [value].flat().some((each) => typeof each === 'string' && /[\n\r\t]/.test(each));
  const type = several ? 'QUOTE_DOUBLE' : 'PLAIN';
  return stringify(value, { ...ON_ONE_LINE, defaultStringType: type, defaultKeyType: 'PLAIN' }).trimEnd();
}

function isListOf(value: Value): value is ListOf {
  return typeof value === 'object' && 'items' in value;
}

function isEntries(value: Value): value is Entry[] {
  return Array.isArray(value) && value.length > 0 && typeof value[0] === 'object';
}
