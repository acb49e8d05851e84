/**
 * The references of `qbtc.yaml`: `${NAME}`, `${NAME:-default}`, `${secrets.NAME}`, `${resources.NAME.FIELD}`,
 * `${services.NAME.url}` (`host`, `port`), of a service `${port}` and `${ports.NAME}`, and APISIX's own `${{NAME}}` and `${{NAME:=default}}`;
 * `$${` stands for `${` itself. A default may hold references; it ends at the first `}` that is not theirs.
 */
export type Part =
  | { kind: 'text'; text: string }
  /** `source` is the reference as written, with `${` and `}`. */
  | { kind: 'variable'; name: string; fallback?: Part[]; source: string }
  | { kind: 'secret'; name: string; source: string }
  | { kind: 'resource'; name: string; field: string; source: string }
  /** The address of another service. */
  | { kind: 'service'; name: string; field: ServiceField; source: string }
  /** A further port of the service itself. */
  | { kind: 'port'; name: string; source: string }
  | { kind: 'invalid'; expected: string; source: string };

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const FORMS = '${NAME}, ${NAME:-default}, ${secrets.NAME}, ${resources.NAME.FIELD} or ${services.NAME.url}';
/** What of another service can be asked for. */
export const SERVICE_FIELDS = ['url', 'host', 'port'] as const;
export type ServiceField = (typeof SERVICE_FIELDS)[number];

/** Takes a scalar apart. Never throws: what is no reference although it begins like one is an `invalid` part. */
export function parseReferences(text: string): Part[] {
  return parseUntil(text, 0, false).parts;
}

/** The inverse of `parseReferences`. */
export function formatReferences(parts: readonly Part[]): string {
  return parts
    .map((part) => (part.kind === 'text' ? part.text.replaceAll('${', () => '$${') : part.source))
    .join('');
}

/** True when there is something to fill in: anything but text. */
export function hasReferences(text: string): boolean {
  return text.includes('${') && parseReferences(text).some((part) => part.kind !== 'text');
}

/** Reads up to the end of the text, or inside a reference up to its `}`. */
function parseUntil(text: string, start: number, inside: boolean): { parts: Part[]; end: number } {
  const parts: Part[] = [];
  let plain = '';
  let index = start;
  const flush = () => {
    if (plain !== '') parts.push({ kind: 'text', text: plain });
    plain = '';
  };
  while (index < text.length) {
    if (inside && text[index] === '}') break;
    if (text.startsWith('$${', index)) {
      plain += '${';
      index += 3;
    } else if (text.startsWith('${', index)) {
      flush();
      const { part, end } = parseReference(text, index);
      parts.push(part);
      index = end;
    } else {
      plain += text[index];
      index += 1;
    }
  }
  flush();
  return { parts, end: index };
}

/** As APISIX writes a variable in its standalone file. */
const OF_APISIX = /\$\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*(?::=(.*?))?\s*\}\}/y;

function parseReference(text: string, start: number): { part: Part; end: number } {
  OF_APISIX.lastIndex = start;
  const [source, name = '', fallback] = OF_APISIX.exec(text) ?? [];
  if (source !== undefined) {
    const given = fallback === undefined ? {} : { fallback: [{ kind: 'text' as const, text: fallback }] };
    return { part: { kind: 'variable', name, ...given, source }, end: start + source.length };
  }
  const close = text.indexOf('}', start);
  const dash = text.indexOf(':-', start);
  if (dash !== -1 && (close === -1 || dash < close)) {
    const fallback = parseUntil(text, dash + 2, true);
    const source = text.slice(start, fallback.end + 1);
    const name = text.slice(start + 2, dash);
    if (fallback.end >= text.length) return { part: unclosed(source), end: text.length };
    const end = fallback.end + 1;
    if (VARIABLE.test(name))
      return { part: { kind: 'variable', name, fallback: fallback.parts, source }, end };
    const expected = name.includes('.')
      ? 'no default: only variables of the environment may have one'
      : `a variable name before ":-", or ${FORMS}`;
    return { part: { kind: 'invalid', expected, source }, end };
  }
  if (close === -1) return { part: unclosed(text.slice(start)), end: text.length };
  return { part: simpleReference(text.slice(start + 2, close)), end: close + 1 };
}

function simpleReference(inner: string): Part {
  const source = `\${${inner}}`;
  if (VARIABLE.test(inner)) return { kind: 'variable', name: inner, source };
  // A group of a regular expression (`regex_uri` of proxy-rewrite): no variable has such a name.
  if (/^\d+$/.test(inner)) return { kind: 'text', text: source };
  const [space, name, field, ...rest] = inner.split('.');
  if (space === 'secrets' && name && field === undefined) return { kind: 'secret', name, source };
  // `url.NAME`: that of one of several databases.
  const ofOne = rest.length === 1 && field === 'url' && rest[0] !== '';
  if (space === 'resources' && name && field && (rest.length === 0 || ofOne)) {
    return { kind: 'resource', name, field: [field, ...rest].join('.'), source };
  }
  const known = SERVICE_FIELDS.find((each) => each === field);
  if (space === 'services' && name && known !== undefined && rest.length === 0) {
    return { kind: 'service', name, field: known, source };
  }
  if (space === 'ports' && name && field === undefined) return { kind: 'port', name, source };
  return { kind: 'invalid', expected: FORMS, source };
}

function unclosed(source: string): Part {
  return { kind: 'invalid', expected: 'a } that closes it (write $${ for a plain ${)', source };
}
