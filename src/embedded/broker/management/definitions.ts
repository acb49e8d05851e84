import { tableToJson } from '../codec/json.ts';
import { destinationName } from '../exchange/binding.ts';
import { isReserved } from '../names.ts';
import { COMPATIBLE_VERSION, PRODUCT, PRODUCT_VERSION } from '../server-properties.ts';
import type { VirtualHost } from '../virtual-host/virtual-host.ts';
import { importDefinitions } from './import.ts';
import { parametersOf } from './parameters.ts';
import { showPolicy } from './policies.ts';
import {
  type Answer,
  badRequest,
  noContent,
  type Request,
  type Resource,
  vhostOf,
  vhostToChange,
} from './resource.ts';
import { show as showUser } from './users.ts';

/** What is set up, in the form in which RabbitMQ exports and imports it. */
export const definitions: Resource[] = [
  {
    path: '/api/definitions',
    role: 'administrator',
    GET: (request) => {
      const { state } = request;
      const { all, accounts } = state.vhosts;
      const contents = all.map((vhost) => ({ vhost, content: contentOf(vhost) }));
      const within = (pick: (content: ReturnType<typeof contentOf>) => object[]) =>
        contents.flatMap(({ vhost, content }) =>
          pick(content).map((item) => ({ ...item, vhost: vhost.name })),
        );
      return download(request, {
        rabbit_version: COMPATIBLE_VERSION,
        rabbitmq_version: COMPATIBLE_VERSION,
        product_name: PRODUCT,
        product_version: PRODUCT_VERSION,
        users: accounts.all.map(showUser),
        vhosts: all.map(({ name }) => ({ name, limits: [], metadata: state.vhosts.labels(name) })),
        permissions: accounts.grants,
        topic_permissions: [],
        global_parameters: [...state.vhosts.globalParameters].map(([name, value]) => ({ name, value })),
        parameters: within(({ parameters }) => parameters),
        policies: within(({ policies }) => policies),
        exchanges: within(({ exchanges }) => exchanges),
        queues: within(({ queues }) => queues),
        bindings: within(({ bindings }) => bindings),
      });
    },
    POST: (request) => {
      importDefinitions(request, undefined);
      return noContent;
    },
  },
  {
    path: '/api/definitions/:vhost',
    role: 'administrator',
    GET: (request) => {
      if (request.state.vhosts.get(request.path.vhost ?? '') === undefined)
        throw badRequest('vhost_not_found');
      return download(request, { rabbit_version: COMPATIBLE_VERSION, ...contentOf(vhostOf(request)) });
    },
    POST: (request) => {
      importDefinitions(request, vhostToChange(request));
      return noContent;
    },
  },
];

/** Browsers keep the document as a file where they are asked to. */
function download({ query }: Request, body: object): Answer {
  const name = query.get('download');
  const headers = { 'content-disposition': `attachment; filename=${encodeURIComponent(name ?? '')}` };
  return { status: 200, body, ...(name === null ? {} : { headers }) };
}

function contentOf(vhost: VirtualHost) {
  return {
    parameters: parametersOf(vhost),
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
