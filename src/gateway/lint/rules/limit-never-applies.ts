import { AUTHENTICATION } from '../known-plugins.ts';
import { globalPluginsOf, isDisabled, type LintProblem, type LintRule, pluginsOf } from '../rule.ts';

const LIMITS = ['limit-count', 'limit-req', 'limit-conn'];

/** A limit that counts nobody, or counts all as one. */
export const limitNeverApplies: LintRule = {
  code: 'limit-never-applies',
  severity: 'warning',
  check(state) {
    const problems: LintProblem[] = [];
    const everywhere = globalPluginsOf(state);
    let anyAuthentication = Object.keys(everywhere).some((name) => AUTHENTICATION.test(name));
    for (const [id, route] of state.route) {
      const plugins = { ...everywhere, ...pluginsOf(state, route) };
      const authenticates = Object.keys(plugins).some((name) => AUTHENTICATION.test(name));
      anyAuthentication ||= authenticates;
      for (const name of LIMITS) {
        const declared = (route.plugins as Record<string, unknown> | undefined)?.[name];
        if (declared !== undefined && isDisabled(declared)) {
          problems.push({
            kind: 'route',
            id,
            path: ['plugins', name],
            message: `${name} is switched off (_meta.disable)`,
            fix: `remove _meta.disable, or ${name}`,
          });
        }
        const { key } = plugins[name] ?? {};
        if (typeof key !== 'string' || !/consumer_name|credential_id/.test(key) || authenticates) continue;
        problems.push({
          kind: 'route',
          id,
          path: ['plugins', name, 'key'],
          message: `${name} counts by ${key}, and no plugin of this route finds out who calls: all callers of an address count as one`,
          fix: 'add key-auth, or count by remote_addr',
        });
      }
    }
    for (const [id, consumer] of state.consumer) {
      const limit = LIMITS.find(
        (name) => (consumer.plugins as object | undefined) && name in (consumer.plugins as object),
      );
      if (limit === undefined || anyAuthentication || state.route.size === 0) continue;
      problems.push({
        kind: 'consumer',
        id,
        path: ['plugins', limit],
        message: `${limit} of this consumer never applies: no route finds out who calls`,
        fix: 'add key-auth to the routes that it is meant for',
      });
    }
    return problems;
  },
};
