import { isUtf8 } from 'node:buffer';

/** A surrogate that is no half of a pair stands for one byte from 0x80 on. */
const BYTE_BASE = 0xdc00;
const BYTES = /[\u{DC80}-\u{DCFF}]/u;

/**
 * The text of bytes that need not be UTF-8. Where they are not, each byte beyond ASCII becomes a lone surrogate
 * (as PEP 383 has it), so that `encodeOctets` gives the same bytes again.
 */
export function decodeOctets(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  return Array.from(bytes, (byte) => String.fromCharCode(byte < 0x80 ? byte : BYTE_BASE + byte)).join('');
}

/** The bytes of a text, those that `decodeOctets` could not read among them. */
export function encodeOctets(text: string): Buffer {
  if (!BYTES.test(text)) return Buffer.from(text, 'utf8');
  const parts = Array.from(text, (character) =>
    BYTES.test(character)
      ? Buffer.from([character.charCodeAt(0) - BYTE_BASE])
      : Buffer.from(character, 'utf8'),
  );
  return Buffer.concat(parts);
}
