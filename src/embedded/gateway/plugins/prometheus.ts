import type { Exchange } from '../exchange.ts';
import { trafficMetrics } from '../metrics.ts';
import type { Plugin } from '../plugin.ts';

interface Prometheus {
  prefer_name: boolean;
}

/** Counts the requests of the routes that name it, under APISIX's metric names. */
export const prometheus: Plugin<Prometheus> = {
  name: 'prometheus',
  version: 0.2,
  priority: 500,
  schema: { type: 'object', properties: { prefer_name: { type: 'boolean', default: false } } },
  compile({ prefer_name: byName }, host, globalRule) {
    const traffic = trafficMetrics(host);
    return {
      log(exchange) {
        if (globalRule === undefined || !countedByRoute(exchange)) traffic.observe(exchange, byName);
      },
    };
  },
};

/** A request is counted once: where its route has the plugin, that of a global rule stands back (APISIX's `run_policy`). */
function countedByRoute({ route }: Exchange): boolean {
  const own = route?.plugins.prometheus;
  return own !== undefined && (own._meta as { disable?: boolean } | undefined)?.disable !== true;
}
