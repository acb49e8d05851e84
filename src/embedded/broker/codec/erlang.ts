/**
 * A binary as Erlang's `~p` prints it: RabbitMQ's reply texts for bad frames contain such terms.
 */
export function printBinary(bytes: Buffer): string {
  const printable = bytes.every((byte) => (byte >= 0x20 && byte < 0x7f) || (byte >= 0xa0 && byte <= 0xff));
  if (bytes.length === 0) return '<<>>';
  if (!printable) return `<<${[...bytes].join(',')}>>`;
  return `<<"${bytes.toString('latin1').replace(/["\\]/g, '\\$&')}">>`;
}

/** The start of a payload as RabbitMQ quotes it. */
export function printSnippet(payload: Buffer): string {
  return payload.length <= 16
    ? `all octets = ${printBinary(payload)}`
    : `first 16 octets = ${printBinary(payload.subarray(0, 16))}`;
}
