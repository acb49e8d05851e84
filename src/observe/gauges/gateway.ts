import type { Context } from '../../context.ts';
import { messageOf } from '../../errors.ts';
import { samplesIn } from '../../metrics/prometheus.ts';
import type { GatewayMetrics } from '../../model/metrics.ts';
import type { Stack } from '../../model/stack.ts';
import { resourceOfKind } from '../../resources/facts.ts';

const TIMEOUT_MS = 5_000;
const PATH = '/apisix/prometheus/metrics';
/** Where APISIX itself gives its metrics (`plugin_attr.prometheus.export_addr`); the embedded gateway does by its Admin API. */
const EXPORT_PORT = 9091;

/** What the prometheus plugin of the gateway has counted since it started. */
export async function gatewayMetrics(
  { http, interrupted }: Pick<Context, 'http' | 'interrupted'>,
  stack: Stack,
): Promise<GatewayMetrics> {
  const gateway = resourceOfKind(stack, 'apisix');
  if (gateway === undefined) throw new Error('the stack declares no gateway');
  const { host, managementUrl } = gateway.endpoint;
  const places = [
    ...(managementUrl === undefined ? [] : [managementUrl.replace(/\/+$/, '')]),
    `http://${host}:${EXPORT_PORT + stack.portBase}`,
  ];
  const refusals: string[] = [];
  for (const place of places) {
    try {
      const { status, body } = await http(place + PATH, { timeoutMs: TIMEOUT_MS, signal: interrupted });
      if (status === 200) return metricsIn(body);
      refusals.push(`${place} answers ${status}`);
    } catch (error) {
      interrupted.throwIfAborted();
      refusals.push(messageOf(error));
    }
  }
  throw new Error(`the gateway gives no metrics: ${refusals.join('; ')}`);
}

/** Names and labels are those of APISIX's prometheus plugin. */
export function metricsIn(text: string): GatewayMetrics {
  const samples = samplesIn(text);
  const total = samples.find(({ name }) => name === 'apisix_http_requests_total');
  const routes = new Map<string, { route: string; status: string; count: number }>();
  for (const { name, labels, value } of samples) {
    if (name !== 'apisix_http_status') continue;
    const { route = '', code: status = '' } = labels;
    const key = JSON.stringify([route, status]);
    routes.set(key, { route, status, count: (routes.get(key)?.count ?? 0) + value });
  }
  return {
    requests: total?.value ?? 0,
    routes: [...routes.values()].sort(
      (a, b) => a.route.localeCompare(b.route) || a.status.localeCompare(b.status),
    ),
  };
}
