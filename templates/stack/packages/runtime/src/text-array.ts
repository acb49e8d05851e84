/** PostgreSQL's number of the type `text`. */
const TEXT = 25;
/** How many dimensions, whether there are nulls, the type; how many items, and the number of the first. */
const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
const NULL_LENGTH = -1;

/**
 * A list of texts as a parameter of a query, for a `text[]`: in the binary form of PostgreSQL (`array_recv` in its source,
 * src/backend/utils/adt/arrayfuncs.c). As text each quote in it, of which JSON is full, would be escaped here and read
 * again there.
 */
export function textArray(items: readonly (string | null)[]): Buffer {
  let size = HEADER_BYTES;
  for (const item of items) size += LENGTH_BYTES + (item === null ? 0 : Buffer.byteLength(item));
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const number of [1, 1, TEXT, items.length, 1]) at = bytes.writeInt32BE(number, at);
  for (const item of items) {
    const length = item === null ? NULL_LENGTH : bytes.write(item, at + LENGTH_BYTES);
    bytes.writeInt32BE(length, at);
    at += LENGTH_BYTES + Math.max(0, length);
  }
  return bytes;
}
