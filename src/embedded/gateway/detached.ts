/**
 * Gives a text of the wire on its own, to be kept beyond its exchange: of a piece of a head V8 keeps the whole head in
 * memory for as long as the piece is kept.
 */
export function detached(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
