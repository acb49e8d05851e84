import { literalPattern } from '../literal-pattern.ts';

/** How the paths of a route of Kong are matched, and what is left of them behind the gateway. */
export interface KongMatch {
  uris: string[];
  vars: unknown[];
  /** Takes the path off that was matched, and puts that of the service before the rest. */
  rewrite?: { regex_uri: [string, string] };
}

/** Plain paths are prefixes: `/a` takes `/ab`, too, and so does `/a*`. */
export function plainPaths(paths: readonly string[], strips: boolean, before: string): KongMatch {
  const uris = paths.length === 0 ? ['/*'] : paths.map((path) => `${path}*`);
  const taken = paths.map((path) => path.replace(/\/+$/, '')).filter((path) => path !== '');
  const rewrite = rewriteOf(strips ? taken : [], before);
  return { uris, vars: [], ...(rewrite === undefined ? {} : { rewrite }) };
}

/** `~/a/\d+$` matches from the beginning: what stands before its first special character is looked for, the rest is a pattern. */
export function patternPath(path: string, strips: boolean, before: string): KongMatch {
  const pattern = path.replace(/^~/, '');
  const bare = pattern.replace(/^\^/, '');
  const [literal = ''] = /^[A-Za-z0-9_/-]*/.exec(bare) ?? [];
  const isQuantified = /^[?*+{]/.test(bare.slice(literal.length));
  const prefix = isQuantified ? literal.slice(0, -1) : literal;
  const source = `^${bare}`;
  const rewrite: KongMatch['rewrite'] = strips
    ? { regex_uri: [`^(?:${bare.replace(/\$$/, '')})/?(.*)$`, `${before}/$1`] }
    : rewriteOf([], before);
  const isSafe = !/\((?!\?)/.test(bare);
  return {
    uris: [`${prefix.startsWith('/') ? prefix : '/'}*`],
    vars: [['uri', '~~', source]],
    // Groups of its own would be counted before ours.
    ...(rewrite === undefined || (strips && !isSafe) ? {} : { rewrite }),
  };
}

function rewriteOf(taken: readonly string[], before: string): KongMatch['rewrite'] {
  if (taken.length > 0) {
    const longestFirst = [...taken].sort((a, b) => b.length - a.length).map(literalPattern);
    return { regex_uri: [`^(?:${longestFirst.join('|')})/?(.*)$`, `${before}/$1`] };
  }
  return before === '' ? undefined : { regex_uri: ['^/(.*)$', `${before}/$1`] };
}

/** A condition that takes these hosts, where Kong takes a star for one or more labels at either end. */
export function matchHosts(hosts: readonly string[]): ['host', '~*', string] {
  const sources = hosts.map((host) => host.split('*').map(literalPattern).join('.+'));
  return ['host', '~*', `^(?:${sources.join('|')})$`];
}
