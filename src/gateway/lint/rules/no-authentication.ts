import { AUTHENTICATION } from '../known-plugins.ts';
import { globalPluginsOf, type LintRule, pluginsOf } from '../rule.ts';

/** A route that anybody may call. */
export const noAuthentication: LintRule = {
  code: 'no-authentication',
  severity: 'warning',
  check(state) {
    const everywhere = Object.keys(globalPluginsOf(state));
    return [...state.route].flatMap(([id, route]) => {
      const plugins = [...everywhere, ...Object.keys(pluginsOf(state, route))];
      if (route.status === 0 || plugins.some((name) => AUTHENTICATION.test(name))) return [];
      // Who may come is told by the address alone.
      if (plugins.includes('ip-restriction')) return [];
      return [
        {
          kind: 'route' as const,
          id,
          message: 'anybody may call this route: no plugin asks who it is',
          fix: 'add key-auth (or another -auth plugin), or ip-restriction',
        },
      ];
    });
  },
};
