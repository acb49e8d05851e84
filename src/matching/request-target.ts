import { normalisePath } from './normal-path.ts';
import type { Refused } from './refused.ts';

/** What a request line asks for; all text is one character a byte. */
export interface RequestTarget {
  readonly refused?: undefined;
  /** In its normal form: what routes match, nginx's `$uri`. */
  readonly path: string;
  /** As it came, without its question mark: nginx's `$args`. */
  readonly query: string;
  /** Path and query as they came, what goes to the upstream unless a plugin rewrites it. A fragment is gone. */
  readonly forwarded: string;
  /** The authority of an absolute-form target (`host:port`), which takes the place of Host; for `hostOf`. */
  readonly authority: string | undefined;
}

/** nginx takes neither controls nor spaces; bytes beyond ASCII it does. */
const FORBIDDEN = /[\0-\x20\x7f]/;
// nginx takes fewer names here than in Host.
const ABSOLUTE = /^https?:\/\/((?:[a-z\d.-]+|\[[\w.~!$&'()*+,;=:-]+\])(?::\d*)?)(?![^/?])/i;

/**
 * Reads a request target as nginx does (`ngx_http_parse_request_line`, `ngx_http_parse_complex_uri`): origin-form and
 * absolute-form (RFC 9112, 3.2.1 and 3.2.2). Everything that judges a request by its path or query uses what stands
 * here, so that no two readings of one target exist. A fragment is cut before anything looks at the path: a backend
 * that reads on behind `#` would answer for another path than the one that was matched.
 *
 * @param raw what stands between method and version in the request line
 * @returns `Refused` for 400: controls or spaces, a broken escape, `%00`, a path above the root, a form that is none of
 *   the two (`*`, `host:443`), a scheme other than http and https
 */
export function requestTarget(raw: string): RequestTarget | Refused {
  if (FORBIDDEN.test(raw)) return CONTROL;
  let forwarded = raw;
  let authority: string | undefined;
  if (raw.charCodeAt(0) !== SLASH) {
    const start = ABSOLUTE.exec(raw);
    if (start === null) return FORM;
    authority = start[1] as string;
    const rest = raw.slice(start[0].length);
    forwarded = rest.startsWith('/') ? rest : `/${rest}`;
  }
  const fragment = forwarded.indexOf('#');
  if (fragment !== -1) forwarded = forwarded.slice(0, fragment);
  const mark = forwarded.indexOf('?');
  const path = normalisePath(mark === -1 ? forwarded : forwarded.slice(0, mark));
  if (path === undefined) return PATH;
  return { path, query: mark === -1 ? '' : forwarded.slice(mark + 1), forwarded, authority };
}

const SLASH = 0x2f;
const CONTROL: Refused = { refused: 'control character or space in the target' };
const FORM: Refused = { refused: 'target in no form that is served' };
const PATH: Refused = { refused: 'path with a broken escape, a NUL or above the root' };
