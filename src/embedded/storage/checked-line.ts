import { crc32 } from 'node:zlib';

/** Between a text and its checksum. JSON writes a tab within a text as `\t`. */
const SEPARATOR = '\t';

/** A line that a change of any bit in it shows of: JSON, a tab, and the CRC-32 of the JSON in hexadecimal digits. */
export function checkedLine(json: string): string {
  return `${json}${SEPARATOR}${checksum(json)}`;
}

/**
 * The JSON of a line; `undefined` when its checksum does not fit. A line without one was written by an earlier version
 * and is taken as it is.
 */
export function uncheckedLine(line: string): string | undefined {
  const at = line.indexOf(SEPARATOR);
  if (at < 0) return line;
  const json = line.slice(0, at);
  return line.slice(at + 1) === checksum(json) ? json : undefined;
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
