import { parseUri } from '../../../matching/uri.ts';
import { urisOf } from '../../route-fields.ts';
import type { LintRule } from '../rule.ts';

/** A URI that no path matches, though the gateway takes it: the route never answers under it. */
export const unreachableUri: LintRule = {
  code: 'unreachable-uri',
  severity: 'error',
  check: (state) =>
    [...state.route].flatMap(([id, route]) =>
      urisOf(route).flatMap((uri, index) => {
        const reason = unreachable(uri);
        return reason === undefined
          ? []
          : [
              {
                kind: 'route' as const,
                id,
                path: Array.isArray(route.uris) ? ['uris', index] : ['uri'],
                message: `${uri} never matches: ${reason.because}`,
                fix: reason.fix,
              },
            ];
      }),
    ),
};

function unreachable(uri: string): { because: string; fix: string } | undefined {
  const { key, never } = parseUri(uri);
  if (never !== undefined) return { because: never, fix: 'write the path as it is matched' };
  if (key.includes('?') || key.includes('#')) {
    return { because: 'a path ends before its query', fix: 'compare arguments in vars ("arg_NAME")' };
  }
  if (!/%[0-9a-f]{2}/i.test(key)) return undefined;
  return {
    because: 'paths are matched unescaped',
    fix: 'write the character itself in the place of its escape',
  };
}
