import { stringify } from 'yaml';
import type { Stack } from '../model/stack.ts';
import type { TopologyFormat } from '../model/topology.ts';
import { resourceOfKind } from '../resources/facts.ts';
import { definitionsOf } from './definitions.ts';
import { desiredOf } from './desired.ts';

/**
 * What the stack declares, whole: retry chains and what follows from the services' events spelled out. As
 * `definitions` it is what a RabbitMQ loads when it starts (with hashes, never passwords); as `yaml` what a topology
 * file holds.
 *
 * @throws QbtcError those of `readTopology`
 */
export async function exportTopology(stack: Stack, format: TopologyFormat): Promise<string> {
  const desired = await desiredOf(stack);
  if (format === 'definitions') {
    const endpoint = resourceOfKind(stack, 'rabbitmq')?.endpoint;
    const definitions = definitionsOf(desired, endpoint ?? { url: '', host: '', port: 0 });
    return `${JSON.stringify(definitions, undefined, 2)}\n`;
  }
  const { topology, accounts } = desired;
  const { exchanges, queues, bindings, policies, limits } = topology;
  const permissions = accounts.map(({ user, configure, write, read }) => ({ user, configure, write, read }));
  const content = { exchanges, queues, bindings, policies, permissions, limits };
  return stringify(content, { flowCollectionPadding: true, lineWidth: 0, aliasDuplicateObjects: false });
}
