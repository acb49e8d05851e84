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
  const counts = new Float64Array(DIMENSION);
  const places = new Float64Array(DIMENSION);
  for (let place = 0; place < words.length; place += 1) {
    const dimension = dimensionOf(words[place] as string);
    counts[dimension] = (counts[dimension] as number) + 1;
    places[dimension] = (places[dimension] as number) + place / words.length;
  }
  const vector = { re: new Float64Array(DIMENSION), im: new Float64Array(DIMENSION) };
  for (let k = 0; k < DIMENSION; k += 1) {
    const count = counts[k] as number;
    if (count === 0) continue;
    const amplitude = Math.sqrt(count / words.length);
    const phase = (2 * Math.PI * (places[k] as number)) / count;
    vector.re[k] = amplitude * Math.cos(phase);
    vector.im[k] = amplitude * Math.sin(phase);
  }
  return vector;
}

/** FNV-1a with 32 bits over the word's UTF-8 (RFC 9923), modulo 26. */
export function dimensionOf(word: string): number {
  let hash = FNV_OFFSET;
  for (let at = 0; at < word.length; at += 1) {
    const code = word.charCodeAt(at);
    // Beyond ASCII a character has several bytes.
    if (code > 0x7f) return hashOf(Buffer.from(word, 'utf8')) % DIMENSION;
    hash = Math.imul(hash ^ code, FNV_PRIME);
  }
  return (hash >>> 0) % DIMENSION;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

function hashOf(bytes: Uint8Array): number {
  let hash = FNV_OFFSET;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return hash >>> 0;
}
