import type { GatewayObject } from '../../../../model/gateway.ts';
import { upstream } from '../../schema/upstream.ts';
import type { Collection } from '../../state/resources.ts';
import type { Store } from '../../state/store.ts';
import { upstreamError } from '../../upstream-check.ts';
import { type AdminResource, referrerIn } from '../resource.ts';

export const upstreams: AdminResource = {
  collection: 'upstreams',
  kind: 'upstream',
  identifiedBy: 'id',
  schema: upstream,
  unsupported: [],
  check: (value) => upstreamError(value),
  referrer(store, id) {
    for (const [collection, word] of REFERRERS) {
      const inPlugin = pluginReferrer(store, collection, id);
      if (inPlugin !== undefined) return inUse(`plugin in ${word} [${inPlugin}]`);
      const referrer = referrerIn(store, collection, 'upstream_id', id);
      if (referrer !== undefined) return inUse(`${word} [${referrer}]`);
    }
    return undefined;
  },
};

const inUse = (whom: string) => `can not delete this upstream, ${whom} is still using it now`;

/** Who may refer to an upstream, and APISIX's word for each. */
const REFERRERS: readonly (readonly [Collection, string])[] = [
  ['routes', 'route'],
  ['services', 'service'],
  ['plugin_configs', 'plugin_config'],
  ['consumers', 'consumer'],
  ['consumer_groups', 'consumer_group'],
  ['global_rules', 'global_rules'],
];

interface TrafficSplit {
  rules?: { weighted_upstreams?: { upstream_id?: unknown }[] }[];
}

/** The first resource whose traffic-split sends something to the upstream. */
function pluginReferrer(store: Store, collection: Collection, id: string): string | undefined {
  for (const entry of store.values(collection)) {
    const split = (entry.value.plugins as Record<string, GatewayObject> | undefined)?.['traffic-split'];
    const upstreams = ((split ?? {}) as TrafficSplit).rules?.flatMap((rule) => rule.weighted_upstreams ?? []);
    if (upstreams?.some((each) => each.upstream_id !== undefined && String(each.upstream_id) === id))
      return entry.id;
  }
  return undefined;
}
