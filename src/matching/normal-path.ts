const NEEDS_WORK = /%|\/\/|\/\./;

/**
 * nginx's normal form of a path (`merge_slashes on`). Matching the raw path instead would let `/a/../admin` or
 * `/%61dmin` past a route that guards `/admin`.
 */
export function normalisePath(raw: string): string {
  if (!NEEDS_WORK.test(raw)) return raw;
  let path = raw;
  if (path.includes('%')) {
    try {
      path = decodeURIComponent(path);
    } catch {
      // Not UTF-8 or a broken escape: bytes are unescaped one by one, as nginx does.
      path = path.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      );
    }
  }
  const segments: string[] = [];
  const parts = path.split('/').slice(1);
  for (const [index, part] of parts.entries()) {
    const last = index === parts.length - 1;
    if (part === '..') segments.pop();
    if (part === '' || part === '.' || part === '..') {
      if (last) segments.push('');
    } else {
      segments.push(part);
    }
  }
  return `/${segments.join('/')}`;
}
