import { bytesOf } from './bytes.ts';
import { compilePattern, PatternError } from './pattern.ts';

/** The values of `:name` and `*name`, by their names. */
export type Parameters = ReadonlyMap<string, string>;

/** The `uri` of a route, prepared once. */
export interface Uri {
  /** As the route has it. */
  readonly text: string;
  /** What the path must be, or begin with; one character a byte. */
  readonly key: string;
  /** Whether the path must be the key and no more. */
  readonly exact: boolean;
  /** Whether a path that begins with the key is the rest of it, too: `undefined` when it is not. */
  bind(path: string): Parameters | undefined;
  /** What stands behind the key and is not looked at, beside a `*` at the end; mostly empty. */
  readonly ignored: string;
  /** Why there is no path that it takes; `undefined` for all but a few. */
  readonly never: string | undefined;
}

const NO_PARAMETERS: Parameters = new Map();
/** What a regular expression reads as itself; a dot does, where the path is known to begin with that text. */
const PLAIN = /^[^\\^$|?*+()[\]{}]*$/;

/**
 * Reads a `uri` as lua-resty-radixtree 2.9.2 does with parameters (`common_route_data`, `fetch_pat`): it is text up to
 * its first `:`, or else its first `*`. Only where a segment begins with one of the two is there more to it: then the
 * whole is a regular expression, in which `:name` is a segment, `*` and `*name` are anything, and all else stands as it
 * is. So a segment `*` between others takes any number of segments, `/foo*bar` and `/v1/x:y` take whatever begins with
 * `/foo` or `/v1/x`, and `/a+b/*` takes nothing.
 */
export function parseUri(text: string): Uri {
  const place = [text.indexOf(':'), text.indexOf('*')].find((each) => each !== -1);
  const exact = place === undefined;
  const key = bytesOf(exact ? text : text.slice(0, place));
  const plain = { text, key, exact, bind: () => NO_PARAMETERS, ignored: '', never: outOfReach(key, exact) };
  if (exact || plain.never !== undefined) return plain;
  const segments = text.replace(/\/+$/, '').split('/');
  const names = segments.filter((each) => /^[:*]/.test(each)).map((each) => each.slice(1) || ':ext');
  const prefix = place === text.length - 1 && text.endsWith('/*') && PLAIN.test(text.slice(0, -1));
  if (prefix) return plain;
  if (names.length > 0) return { ...plain, ...binding(text, segments, names) };
  const rest = text.slice(place);
  return { ...plain, ignored: rest === '*' ? '' : rest };
}

/** Why no path in its normal form is this text, or begins with it. */
function outOfReach(key: string, exact: boolean): string | undefined {
  if (key !== '' && !key.startsWith('/')) return 'it does not begin with a slash';
  if (!/\/\/|\/\.{1,2}\/|\0/.test(key) && !(exact && /\/\.{1,2}$/.test(key))) return undefined;
  return 'paths are matched without doubled slashes and dot segments';
}

function binding(text: string, segments: string[], names: string[]): Pick<Uri, 'bind' | 'never'> {
  const source = segments.map((each) => {
    if (each.startsWith(':')) return '([^/]+)';
    return each.startsWith('*') ? '([\\s\\S]*)' : each;
  });
  try {
    const pattern = compilePattern(source.join('/') + (text.endsWith('/') ? '/' : ''), 'a');
    return {
      never: undefined,
      bind(path) {
        const found = pattern.exec(path);
        if (found?.[0] !== path) return undefined;
        return new Map(names.map((name, index) => [bytesOf(name), found[index + 1] ?? '']));
      },
    };
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return { never: `APISIX reads it as a regular expression: ${error.message}`, bind: () => undefined };
  }
}
