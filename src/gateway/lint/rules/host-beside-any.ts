import type { GatewayObject } from '../../../model/gateway.ts';
import { hostsOf, priorityOf, urisOf } from '../../route-fields.ts';
import { isConditional, methodsMeet } from '../claims.ts';
import type { LintProblem, LintRule } from '../rule.ts';

/**
 * A route for one host beside one of the same URI for more: APISIX's router by URI takes the host for a condition, so
 * that the other one may come first. Between equal priorities the one that was made first does, and after a restart the
 * one whose id does.
 */
export const hostBesideAny: LintRule = {
  code: 'host-beside-any',
  severity: 'warning',
  check(state) {
    const byUri = new Map<string, RouteOfUri[]>();
    for (const [id, route] of state.route) {
      if (route.status === 0) continue;
      for (const uri of urisOf(route)) {
        const list = byUri.get(uri) ?? [];
        list.push({ id, route, hosts: hostsOf(route, state) ?? ['*'] });
        byUri.set(uri, list);
      }
    }
    return [...byUri].flatMap(([uri, routes]) =>
      routes.flatMap((narrow) =>
        routes
          .filter((wide) => wide.id !== narrow.id && mayComeFirst(wide, narrow))
          .map((wide) => problem(uri, wide, narrow)),
      ),
    );
  },
};

interface RouteOfUri {
  id: string;
  route: GatewayObject;
  hosts: readonly string[];
}

function mayComeFirst(wide: RouteOfUri, narrow: RouteOfUri): boolean {
  if (isConditional(wide.route) || priorityOf(narrow.route) > priorityOf(wide.route)) return false;
  return methodsMeet(wide.route.methods, narrow.route.methods) && contained(narrow, wide) !== undefined;
}

/** A host of the narrow route that one of the wide one takes, and others beside it. */
const contained = (narrow: RouteOfUri, wide: RouteOfUri): string | undefined =>
  narrow.hosts.find((host) =>
    wide.hosts.some((each) => each !== host && each.startsWith('*') && host.endsWith(each.slice(1))),
  );

function problem(uri: string, wide: RouteOfUri, narrow: RouteOfUri): LintProblem {
  const host = contained(narrow, wide) as string;
  const equal = priorityOf(narrow.route) === priorityOf(wide.route);
  const when = equal
    ? 'they have one priority, and the older one is tried first'
    : 'it has a higher priority';
  return {
    kind: 'route',
    id: narrow.id,
    path: ['priority'],
    message: `route ${wide.id} takes ${uri} for ${wide.hosts.includes('*') ? 'any host' : wide.hosts.join(', ')}, and may be tried before this one for ${host}: ${when}`,
    fix: 'give this one a higher priority',
  };
}
