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
  compile(_configuration, host) {
    const traffic = trafficMetrics(host);
    return { log: (exchange) => traffic.observe(exchange) };
  },
};
