const NEEDS_WORK = /%|\/\/|\/\./;
const ESCAPE = /%([0-9a-f]{2})?/gi;

/**
 * Gives the path as nginx matches it (`merge_slashes on`): escapes become the bytes that they stand for, dot segments
 * and doubled slashes go. Matching the raw path instead would let `/a/../admin` or `/%61dmin` past a route that guards
 * `/admin`. Text is one character a byte, and bytes stay bytes: `/%C4%E3` is two characters, whatever they mean.
 *
 * @param raw begins with a slash and has neither query nor fragment
 * @returns `undefined` for what nginx answers with 400 (`ngx_http_parse_complex_uri`): a broken escape, `%00`, a path
 *   that climbs above the root
 */
export function normalisePath(raw: string): string | undefined {
  if (!NEEDS_WORK.test(raw)) return raw;
  const path = raw.includes('%') ? unescaped(raw) : raw;
  if (path === undefined) return undefined;
  const kept: string[] = [];
  const segments = path.slice(1).split('/');
  for (const segment of segments) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') kept.push(segment);
    else if (kept.pop() === undefined) return undefined;
  }
  const last = segments.at(-1);
  if (last === '' || last === '.' || last === '..') kept.push('');
  return `/${kept.join('/')}`;
}

function unescaped(raw: string): string | undefined {
  let whole = true;
  const path = raw.replace(ESCAPE, (_, hex: string | undefined) => {
    if (hex === undefined || hex === '00') whole = false;
    return hex === undefined ? '' : String.fromCharCode(Number.parseInt(hex, 16));
  });
  return whole ? path : undefined;
}
