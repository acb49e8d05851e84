import fc from 'fast-check';

/**
 * Any character of Unicode, for `fc.string({ unit: anyCharacter })`: fast-check's own unit `binary` draws from the same
 * and takes half a second to list them all first.
 */
export const anyCharacter = fc
  .nat({ max: 0x10ffff - 0x800 })
  .map((nth) => String.fromCodePoint(nth < 0xd800 ? nth : nth + 0x800));
