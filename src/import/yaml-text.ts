import { Document, stringify } from 'yaml';
import { isRecord } from '../record.ts';

/** What fits into a line stands in one. */
const LINE = 90;

/** A value as YAML, its first line without indentation and each further one with `indent` blanks. */
export function yamlText(value: unknown, indent: number): string {
  const line = flow(value);
  if (line !== undefined && line.length <= LINE) return line;
  return block(value).join(`\n${' '.repeat(indent)}`);
}

/** The lines of a value in block style. */
function block(value: unknown): string[] {
  const line = flow(value);
  if (line !== undefined && line.length <= LINE) return [line];
  if (Array.isArray(value)) {
    return value.flatMap((each) => {
      const [first = '', ...rest] = block(each);
      return [`- ${first}`, ...rest.map((text) => `  ${text}`)];
    });
  }
  if (!isRecord(value)) return linesOf(stringify(value, { lineWidth: 0 }));
  return Object.entries(value).flatMap(([name, each]) => {
    const inner = block(each);
    const short = flow(each);
    const isWhole = typeof each !== 'object' || (short !== undefined && short.length <= LINE);
    if (isWhole && inner.length === 1) return [`${key(name)}: ${inner[0]}`];
    if (typeof each === 'string' && name.includes('\n')) return [`${key(name)}: ${JSON.stringify(each)}`];
    // A text of several lines has its mark beside the key.
    if (typeof each === 'string') {
      return linesOf(stringify({ [name]: each }, { lineWidth: 0, defaultStringType: 'PLAIN' }));
    }
    return [`${key(name)}:`, ...inner.map((text) => `  ${text}`)];
  });
}

/** The value in one line, or nothing where a text of it has several. */
export function flow(value: unknown): string | undefined {
  if (typeof value === 'string' && value.includes('\n')) return undefined;
  if (Array.isArray(value)) {
    const items = value.map(flow);
    return items.includes(undefined) ? undefined : `[${items.join(', ')}]`;
  }
  if (!isRecord(value)) return scalar(value);
  const entries = Object.entries(value).map(([name, each]) => [key(name), flow(each)] as const);
  if (entries.length === 0) return '{}';
  if (entries.some(([, each]) => each === undefined)) return undefined;
  return `{ ${entries.map(([name, each]) => `${name}: ${each}`).join(', ')} }`;
}

/** A key is one line, whatever is in it. */
const key = (name: string) => (name.includes('\n') ? JSON.stringify(name) : scalar(name));

/** A scalar as it may stand anywhere, between braces too. */
function scalar(value: unknown): string {
  const document = new Document([value]);
  (document.contents as { flow?: boolean }).flow = true;
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: false });
  return withoutBlanks(withoutBlanks(text).slice(1, -1));
}

/** YAML's own blanks: `trim` takes away those of Unicode, too, which a text may be made of. */
const withoutBlanks = (text: string) => text.replace(/^[ \n]+|[ \n]+$/g, '');

const linesOf = (text: string) => text.replace(/\n$/, '').split('\n');
