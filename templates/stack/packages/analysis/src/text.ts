import { type ComplexVector, DIMENSION } from './state.ts';

/** Words: runs of letters and digits. A script that does not part its words has one word a run. */
const WORD = /[\p{L}\p{N}]+/gu;
/** What is longer is judged by its beginning. */
const MOST_CHARACTERS = 65_536;

/**
 * A text as a state vector. Each word is mapped to one of the 26 dimensions by a hash (the hashing trick of Weinberger
 * et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009). Of N words, n in a dimension:
 *
 * - the amplitude there is √(n/N), so that its square is the share of the words and the vector has length 1;
 * - the phase there is 2π times the mean place of these words in the text, from 0 (the first word) to almost 1.
 *
 * Two texts of the same words in the same order are the same vector; the fewer words they share, and the more these
 * stand elsewhere, the smaller is their overlap. Case and compatible forms of letters do not matter (NFKC).
 *
 * @returns `undefined` for a text without words: it says nothing
 */
export function textVector(text: string): ComplexVector | undefined {
  const words = text.slice(0, MOST_CHARACTERS).normalize('NFKC').toLowerCase().match(WORD) ?? [];
  if (words.length === 0) return undefined;
  const counts = new Array<number>(DIMENSION).fill(0);
  const places = new Array<number>(DIMENSION).fill(0);
  words.forEach((word, place) => {
    const dimension = dimensionOf(word);
    counts[dimension] = (counts[dimension] ?? 0) + 1;
    places[dimension] = (places[dimension] ?? 0) + place / words.length;
  });
  const amplitude = counts.map((count) => Math.sqrt(count / words.length));
  const phase = counts.map((count, k) => (count === 0 ? 0 : (2 * Math.PI * (places[k] ?? 0)) / count));
  return {
    re: amplitude.map((a, k) => a * Math.cos(phase[k] ?? 0)),
    im: amplitude.map((a, k) => a * Math.sin(phase[k] ?? 0)),
  };
}

/** FNV-1a with 32 bits over the word's UTF-8 (RFC 9923), modulo 26. */
export function dimensionOf(word: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(word, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % DIMENSION;
}
