import type { Context } from '../context.ts';
import type { MetricsSnapshot } from '../model/metrics.ts';
import type { Resource, ResourceKind } from '../model/resource.ts';
import type { Stack } from '../model/stack.ts';
import { resourcesOfKind } from '../resources/facts.ts';
import { brokerMetrics } from './gauges/broker.ts';
import { cacheMetrics } from './gauges/cache.ts';
import { databaseMetrics } from './gauges/database.ts';
import { gatewayMetrics } from './gauges/gateway.ts';
import { machineMetrics } from './gauges/machine.ts';
import { serviceMetrics } from './gauges/services.ts';
import { measure } from './measure.ts';

const DEADLINE_MS = 5_000;

/** One look at the numbers of the stack, all at once; needs neither Prometheus nor APISIX. */
export async function observeMetrics(context: Context, stack: Stack): Promise<MetricsSnapshot> {
  const within = <Value>(take: () => Promise<Value>) => measure(context, DEADLINE_MS, take);
  const each = <Value>(kind: ResourceKind, take: (resource: Resource) => Promise<Value>) =>
    Promise.all(
      resourcesOfKind(stack, kind).map(async (resource) => ({
        resource: resource.name,
        ...(await within(() => take(resource))),
      })),
    );
  const [machine, services, broker, caches, databases, gateway] = await Promise.all([
    within(() => machineMetrics(stack)),
    within(() => serviceMetrics(context, stack)),
    within(() => brokerMetrics(context, stack)),
    each('redis', (resource) => cacheMetrics(context, resource)),
    each('postgres', (resource) => databaseMetrics(context, resource)),
    within(() => gatewayMetrics(context, stack)),
  ]);
  const takenAt = new Date(context.clock.now()).toISOString();
  return { stack: stack.name, takenAt, machine, services, broker, caches, databases, gateway };
}
