import { createHash } from 'node:crypto';

/** The key under which a document carries the digest of all else in it. */
const DIGEST = '$sha256';
/** What it may have become, and no name that a person puts into a file: those begin with a letter or a digit. */
const MISSPELT = /^([^\p{L}\d].*|.?sha256|)$/su;
/** The key of a value that is a list, which could carry no digest itself. */
const ITEMS = 'items';

/**
 * The text of a file of the state. It carries a digest: damage that leaves it JSON is told too.
 *
 * @throws TypeError for what would be read back as something else
 */
export function encode(value: unknown): string {
  const plain: unknown = JSON.parse(JSON.stringify(value));
  const fields = Array.isArray(plain) ? { [ITEMS]: plain } : (plain as Record<string, unknown>);
  if (Object.hasOwn(fields, DIGEST) || (fields === plain && listIn(fields) !== undefined))
    throw new TypeError(
      `no field of a file of the state may be called ${DIGEST}, nor a list ${ITEMS} stand alone`,
    );
  return `${JSON.stringify({ [DIGEST]: digestOf(fields), ...fields }, null, 2)}\n`;
}

/**
 * What such a text holds. One without a digest is read as it stands: an earlier version wrote it, or a person.
 *
 * @throws Error with what was found in the place of a whole document; it never repeats the text, which may be secret
 */
export function decode(text: string): unknown {
  if (text.trim() === '') throw new Error(text === '' ? 'it is empty' : 'it holds nothing but blanks');
  let value: unknown;
  try {
    // An editor may have put a byte order mark before it.
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    const size = `${Buffer.byteLength(text)} bytes`;
    throw new Error(`it is not JSON, or cut short (${size})`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const { [DIGEST]: digest, ...fields } = value as Record<string, unknown>;
  if (digest === undefined) {
    const misspelt = Object.keys(fields).find((name) => MISSPELT.test(name));
    if (misspelt !== undefined) throw new Error(`it holds a name that qbtc does not write: "${misspelt}"`);
    return fields;
  }
  if (digest !== digestOf(fields)) throw new Error(`it is not what qbtc wrote: its ${DIGEST} is another one`);
  return listIn(fields) ?? fields;
}

/** The list that stands alone in the document. */
function listIn(fields: Record<string, unknown>): unknown[] | undefined {
  const list = Object.keys(fields).length === 1 ? fields[ITEMS] : undefined;
  return Array.isArray(list) ? list : undefined;
}

function digestOf(fields: Record<string, unknown>): string {
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex');
}
