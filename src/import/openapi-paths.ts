import { literalPattern } from '../literal-pattern.ts';

/**
 * How a route matches a path of OpenAPI. `{petId}` stands for one segment, or a part of one: the part before the first of them
 * becomes a prefix, and a pattern tells the rest apart. So it holds in every router of APISIX; `:petId` would in one alone.
 */
export function matchOf(path: string): { uri: string; vars?: unknown[] } {
  // A colon or a star would be read as the beginning of a parameter.
  const open = path.search(/[{:*]/);
  if (open === -1) return { uri: path };
  const pattern = path
    .split(/(\{[^}]*\})/)
    .map((part) => (/^\{.*\}$/.test(part) ? '[^/]+' : literalPattern(part)))
    .join('');
  return { uri: `${path.slice(0, open)}*`, vars: [['uri', '~~', `^${pattern}$`]] };
}

/**
 * Of two templates that take the same path the one with more text of its own comes first (OpenAPI: "concrete paths are matched
 * before their templated counterparts"), which APISIX has to be told.
 */
export function preferences(paths: readonly string[]): Map<string, { priority: number }> {
  const found = new Map<string, { priority: number }>();
  const templates = paths.filter((path) => path.includes('{'));
  for (const path of templates) {
    const rivals = templates.filter((other) => other !== path && overlaps(path, other));
    if (rivals.length === 0) continue;
    const priority = path.split('/').filter((segment) => !segment.includes('{')).length - 1;
    if (priority > 0) found.set(path, { priority });
  }
  return found;
}

function overlaps(one: string, other: string): boolean {
  const [a, b] = [one.split('/'), other.split('/')];
  return (
    a.length === b.length &&
    a.every((segment, index) => segment === b[index] || `${segment}${b[index]}`.includes('{'))
  );
}
