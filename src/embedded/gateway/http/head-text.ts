import { isToken } from './fields.ts';
import type { HeaderList } from './header-list.ts';

/** What a field may hold, and a phrase (RFC 9110, 5.5): anything else could end its line. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * The lines of the fields as they go onto the wire, without those that `leftOut` names in lower case.
 *
 * @throws TypeError for a field that would break the head, whoever made it
 */
export function fieldLines(headers: HeaderList, leftOut: ReadonlySet<string>): string {
  const { flat } = headers;
  let lines = '';
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i] as string;
    const value = flat[i + 1] as string;
    if (leftOut.has(name.toLowerCase())) continue;
    if (!isToken(name)) throw new TypeError(`a field named ${JSON.stringify(name)} cannot be sent`);
    if (!VALUE.test(value)) throw new TypeError(`the value of the field ${name} cannot be sent`);
    lines += `${name}: ${value}\r\n`;
  }
  return lines;
}

/** True for a text that can stand in a start line. */
export const isLineText = (text: string): boolean => VALUE.test(text);
