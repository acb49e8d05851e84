import type { EventDestination } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import type { Stack } from '../model/stack.ts';
import type { Topology } from '../model/topology.ts';
import { keysMeet } from './match.ts';
import { queuesTaking } from './reach.ts';

/**
 * Where the topology, the services and the contracts of the events do not say the same: they name the same routing keys and
 * queues, each in its own file. A stack without contracts has nothing to compare.
 */
export function checkContracts(
  contracts: readonly EventDestination[],
  topology: Topology,
  { services, events: { exchange } }: Pick<Stack, 'services' | 'events'>,
): Finding[] {
  if (contracts.length === 0) return [];
  const known = (key: string) => contracts.some(({ routingKey }) => keysMeet(key, routingKey));
  const queues = new Set(topology.queues.map(({ name }) => name));
  const isOpen = services.some(({ events }) => events?.declares !== undefined);
  // A queue that a service declares by itself is bound by it, too.
  const isTaken = (key: string, queue: string) =>
    queuesTaking(key, topology, exchange).includes(queue) || (isOpen && !queues.has(queue));
  const strange = (subject: string, key: string, where: string): Finding => ({
    code: 'no-contract',
    severity: 'warning',
    subject,
    message: `${where} ${key}, the routing key of no contract`,
    fix: `correct the key, or describe the event in event-schemas/ with "x-routing-key": "${key}"`,
  });
  return [
    ...contracts.flatMap(({ event, routingKey, queue, place }) =>
      queue === undefined || isTaken(routingKey, queue)
        ? []
        : [
            {
              code: 'contract-queue',
              severity: 'error' as const,
              subject: `event ${event}`,
              message: `its contract says that ${queue} takes it, and no binding leads ${routingKey} there`,
              fix: `bind ${queue} to ${routingKey} in the topology file, or correct "x-queue" of the contract`,
              place,
            },
          ],
    ),
    ...services.flatMap(({ name, events }) => {
      const said = [
        ...(events?.publishes ?? []).map((key) => ({ key, where: 'it publishes' })),
        // Those of a service that declares by itself may be queues of its own.
        ...(events?.declares === undefined ? (events?.consumes ?? []) : []).map((key) => ({
          key,
          where: 'it consumes',
        })),
        ...(events?.subscribes ?? []).map((key) => ({ key, where: 'it subscribes to' })),
      ];
      return said
        .filter(({ key }) => !queues.has(key) && !known(key))
        .map(({ key, where }) => strange(`service ${name}`, key, where));
    }),
    ...topology.bindings
      .filter(({ source, routing_key }) => source === exchange && !known(routing_key))
      .map(({ destination, destination_type: type, routing_key }) =>
        strange(`${type} ${destination}`, routing_key, 'it is bound to'),
      ),
  ];
}
