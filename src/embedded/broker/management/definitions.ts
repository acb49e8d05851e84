import { destinationName } from '../binding.ts';
import { tableToJson } from '../codec/json.ts';
import { isReserved } from '../names.ts';
import { COMPATIBLE_VERSION } from '../server-properties.ts';
import type { VirtualHost } from '../virtual-host.ts';
import { showPolicy } from './policies.ts';
import { ok, type Resource, vhostOf } from './resource.ts';

/** What is set up, in the form in which RabbitMQ exports and imports it. */
export const definitions: Resource[] = [
  {
    path: '/api/definitions',
    role: 'administrator',
    GET: ({ state }) => {
      const { all, accounts } = state.vhosts;
      const contents = all.map((vhost) => ({ vhost, content: contentOf(vhost) }));
      const within = (pick: (content: ReturnType<typeof contentOf>) => object[]) =>
        contents.flatMap(({ vhost, content }) =>
          pick(content).map((item) => ({ ...item, vhost: vhost.name })),
        );
      return ok({
        rabbit_version: COMPATIBLE_VERSION,
        rabbitmq_version: COMPATIBLE_VERSION,
        users: accounts.all.map(({ name, passwordHash, tags }) => ({
          name,
          password_hash: passwordHash,
          hashing_algorithm: 'rabbit_password_hashing_sha256',
          tags,
          limits: {},
        })),
        vhosts: all.map(({ name }) => ({ name, limits: [], metadata: state.vhosts.labels(name) })),
        permissions: accounts.grants,
        parameters: within(({ parameters }) => parameters),
        policies: within(({ policies }) => policies),
        exchanges: within(({ exchanges }) => exchanges),
        queues: within(({ queues }) => queues),
        bindings: within(({ bindings }) => bindings),
      });
    },
  },
  {
    path: '/api/definitions/:vhost',
    role: 'administrator',
    GET: (request) => ok({ rabbit_version: COMPATIBLE_VERSION, ...contentOf(vhostOf(request)) }),
  },
];

function contentOf(vhost: VirtualHost) {
  const { name, limits } = vhost;
  return {
    parameters:
      Object.keys(limits).length === 0
        ? []
        : [{ value: limits, vhost: name, component: 'vhost-limits', name: 'limits' }],
    policies: vhost.policies.all.map((policy) => showPolicy(policy, vhost)),
    // What ends with its connection is nothing that anybody has set up.
    queues: [...vhost.queues.values()]
      .filter(({ exclusiveOwner }) => exclusiveOwner === undefined)
      .map((queue) => ({
        name: queue.name,
        durable: queue.durable,
        auto_delete: queue.autoDelete,
        arguments: tableToJson(queue.arguments),
      })),
    exchanges: [...vhost.exchanges.values()]
      .filter((exchange) => exchange.name !== '' && !isReserved(exchange.name))
      .map((exchange) => ({
        name: exchange.name,
        type: exchange.type.name,
        durable: exchange.durable,
        auto_delete: exchange.autoDelete,
        internal: exchange.internal,
        arguments: tableToJson(exchange.arguments),
      })),
    bindings: [...vhost.exchanges.values()].flatMap((exchange) =>
      [...exchange.outgoing.values()].map((binding) => ({
        source: binding.source.name,
        destination: destinationName(binding),
        destination_type: binding.destination.kind,
        routing_key: binding.routingKey,
        arguments: tableToJson(binding.arguments),
      })),
    ),
  };
}
