import { parseUri } from '../../../matching/uri.ts';
import { urisOf } from '../../route-fields.ts';
import type { LintRule } from '../rule.ts';

/** A URI of which the end is not looked at: `/v1/models:predict` takes whatever begins with `/v1/models`. */
export const looseUri: LintRule = {
  code: 'loose-uri',
  severity: 'warning',
  check: (state) =>
    [...state.route].flatMap(([id, route]) =>
      urisOf(route).flatMap((uri, index) => {
        const { ignored, never } = parseUri(uri);
        if (ignored === '' || never !== undefined) return [];
        const taken = uri.slice(0, uri.length - ignored.length);
        return [
          {
            kind: 'route' as const,
            id,
            path: Array.isArray(route.uris) ? ['uris', index] : ['uri'],
            message: `${uri} takes every path that begins with ${taken}: ":" and "*" are names only at the beginning of a segment, and what stands behind them elsewhere is not looked at`,
            fix: `write ${taken}*, or compare "uri" in vars`,
          },
        ];
      }),
    ),
};
