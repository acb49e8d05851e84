/**
 * Escapes for what goes into a request line or a Location. All text is one character a byte, and bytes are escaped one
 * by one: what they mean in UTF-8 or another encoding is for the backend to say.
 */

// biome-ignore-start lint/suspicious/noControlCharactersInRegex: these are what the escapes are for
const IN_PATH = /[\0-\x20"#%<>?\\^`{|}\x7f-\xff]/g;
const IN_ARGUMENT = /[\0-\x20"#%&+;<>?\\^`{|}\x7f-\xff]/g;
const IN_TARGET = /[\0-\x20#\x7f-\xff]/g;
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: see above

/** Gives an unescaped path as it stands in a URI (nginx, `ngx_escape_uri` with `NGX_ESCAPE_URI`). */
export const escapePath = (path: string): string => path.replace(IN_PATH, percent);

/** Gives a value as it stands in a query, where it stays one value (`NGX_ESCAPE_ARGS`). */
export const escapeArgument = (value: string): string => value.replace(IN_ARGUMENT, percent);

/** Escapes only what would end a target, or no target may hold (RFC 9112, 3.2); escapes in it are left alone. */
export const escapeTarget = (target: string): string => target.replace(IN_TARGET, percent);

const percent = (byte: string): string =>
  `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
