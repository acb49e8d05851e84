import type { ManagementApi } from '../../broker/management.ts';
import { messageOf, QbtcError } from '../../errors.ts';
import type { TopologyTarget } from '../plan/index.ts';

const EVERYTHING = { configure: '.*', write: '.*', read: '.*' };

/** How full a queue is and who listens, as it is at this moment: the management API tells it seconds later. */
export type LookAtQueue = (name: string) => Promise<{ messages: number; consumers: number } | undefined>;

/** Makes one change. Declaring what is there as it is changes nothing; neither does taking away what is gone. */
export async function perform(api: ManagementApi, target: TopologyTarget, look: LookAtQueue): Promise<void> {
  switch (target.kind) {
    case 'vhost':
      // The stack's own account may do everything in it.
      await api.write('PUT', api.inVhost('vhosts'), {});
      return api.write('PUT', api.inVhost('permissions', api.access.user), EVERYTHING);
    case 'limit':
      return api.write('PUT', api.inVhost('vhost-limits', target.name), { value: target.value });
    case 'exchange': {
      const { name, ...settings } = target.exchange;
      return api.write('PUT', api.inVhost('exchanges', name), settings);
    }
    case 'queue': {
      const { name, ...settings } = target.queue;
      return api.write('PUT', api.inVhost('queues', name), settings);
    }
    case 'binding': {
      const { source, destination, destination_type, routing_key, arguments: args } = target.binding;
      const end = destination_type === 'queue' ? 'q' : 'e';
      // Binding twice is binding once: RabbitMQ answers 201 to both.
      return api.write('POST', api.inVhost('bindings', 'e', source, end, destination), {
        routing_key,
        arguments: args,
      });
    }
    case 'policy': {
      const { name, ...settings } = target.policy;
      return api.write('PUT', api.inVhost('policies', name), settings);
    }
    case 'account': {
      const { user, password, ...permission } = target.account;
      await api.write('PUT', `/users/${encodeURIComponent(user)}`, { password, tags: '' });
      return api.write('PUT', api.inVhost('permissions', user), permission);
    }
    case 'queue-gone':
      return target.unlessUsed ? deleteUnlessUsed(api, target.name, look) : deleteQueue(api, target.name);
    case 'exchange-gone':
      return api.delete(api.inVhost('exchanges', target.name));
    case 'binding-gone': {
      const { source, destination, destination_type, key } = target.binding;
      const end = destination_type === 'queue' ? 'q' : 'e';
      return api.delete(api.inVhost('bindings', 'e', source, end, destination, key));
    }
    case 'policy-gone':
      return api.delete(api.inVhost('policies', target.name));
  }
}

function deleteQueue(api: ManagementApi, name: string): Promise<void> {
  return api.delete(api.inVhost('queues', name));
}

/** Classic queues are deleted on condition; quorum queues know none (before RabbitMQ 4), and are looked at first. */
async function deleteUnlessUsed(api: ManagementApi, name: string, look: LookAtQueue): Promise<void> {
  try {
    return await api.delete(`${api.inVhost('queues', name)}?if-empty=true&if-unused=true`);
  } catch (error) {
    if (!/not supported by quorum queues/.test(messageOf(error))) throw error;
  }
  const queue = await look(name);
  if (queue === undefined) return;
  const { messages, consumers } = queue;
  const uses = [
    ...(messages > 0 ? [`not empty: ${messages} messages`] : []),
    ...(consumers > 0 ? [`in use: ${consumers} consumers`] : []),
  ];
  if (uses.length > 0) throw new QbtcError('BROKER_REFUSED', `queue ${name} ${uses.join(', ')}`);
  await deleteQueue(api, name);
}
