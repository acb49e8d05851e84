/**
 * Gives text of the configuration as the bytes that stand for it on the wire: UTF-8, one character a byte (latin1). What
 * comes from the wire is held that way everywhere in the gateway, as Lua holds its strings, so the two compare.
 */
export function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Gives bytes of the wire as text for people and for JSON; what is no UTF-8 becomes U+FFFD. */
export function textOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
