import type { ManagementApi } from '../../broker/management.ts';
import type { Resource } from '../../model/resource.ts';
import type { Service, Stack } from '../../model/stack.ts';
import type { Topology } from '../../model/topology.ts';
import { isRecord } from '../../record.ts';
import { resourcesOfKind } from '../../resources/facts.ts';
import { queuesOf } from '../reach.ts';

/**
 * The services of the stack that consume a queue or may write to it. One that does not say what it publishes, or
 * that declares by itself, may write to any.
 */
export function usersOf(stack: Stack, topology: Topology, queue: string): string[] {
  const brokers = resourcesOfKind(stack, 'rabbitmq');
  return stack.services
    .filter((service) => reaches(service, brokers) && uses(service, stack.events.exchange, topology, queue))
    .map(({ name }) => name);
}

/** Who says nothing of events may do anything with a broker that it knows of, and nothing with one that it does not. */
function reaches({ events, dependsOn, env }: Service, brokers: readonly Resource[]): boolean {
  return (
    events !== undefined ||
    brokers.some(
      ({ name, endpoint: { host, port } }) =>
        dependsOn.includes(name) ||
        Object.values(env).some((value) => value.split(/[/@?,; ]/).includes(`${host}:${port}`)),
    )
  );
}

function uses({ events }: Service, exchange: string, topology: Topology, queue: string): boolean {
  if (events === undefined || events.declares !== undefined) return true;
  const keys = [...events.publishes, ...events.consumes];
  return keys.some((key) => queuesOf(key, topology, exchange).includes(queue));
}

/** The connections that consume a queue, as their owners name them; the broker tells it seconds later. */
export async function consumersOf(api: ManagementApi, queue: string): Promise<string[]> {
  const [consumers, connections] = await Promise.all([
    api.list(api.inVhost('consumers')),
    api.list('/connections'),
  ]);
  const names = new Map(
    (connections ?? []).map((connection) => {
      const given = connection.user_provided_name;
      return [String(connection.name), typeof given === 'string' ? given : String(connection.name)];
    }),
  );
  return [
    ...new Set(
      (consumers ?? [])
        .filter((consumer) => isRecord(consumer.queue) && consumer.queue.name === queue)
        .map((consumer) => {
          const details = isRecord(consumer.channel_details) ? consumer.channel_details : {};
          const connection = String(details.connection_name);
          return names.get(connection) ?? connection;
        }),
    ),
  ];
}
