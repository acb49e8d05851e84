import { tableToJson } from '../codec/json.ts';
import { type Binding, bindingKey, destinationName, propertiesKey } from '../exchange/binding.ts';
import type { VirtualHost } from '../virtual-host/virtual-host.ts';
import { assertMay } from './access.ts';
import { list } from './lists.ts';
import {
  type Answer,
  argumentsOf,
  created,
  exchangeName,
  newName,
  noContent,
  objectNotFound,
  ok,
  type Request,
  type Resource,
  vhostOf,
  vhostsOf,
  vhostToChange,
} from './resource.ts';

type Shown = Record<string, unknown>;

export const bindings: Resource[] = [
  { path: '/api/bindings', GET: (request) => show(request, vhostsOf(request).flatMap(all)) },
  { path: '/api/bindings/:vhost', GET: (request) => show(request, vhostsOf(request).flatMap(all)) },
  {
    path: '/api/bindings/:vhost/e/:source/:kind/:destination',
    GET: (request) => {
      const found = between(request).map((binding) => shown(vhostOf(request), binding));
      const { source, kind, destination } = target(request);
      if (source === '' && kind === 'queue') found.push(implicit(vhostOf(request), destination));
      return show(request, found);
    },
    POST: (request) => {
      const vhost = vhostToChange(request);
      const { source, kind, destination } = target(request);
      assertMay(request, 'write', kind, destination);
      assertMay(request, 'read', 'exchange', source);
      const routingKey = newName('routing key', request.body.routing_key ?? '');
      const binding = vhost.bindings.bind(
        {
          source,
          destination: { kind, name: destination },
          routingKey,
          arguments: argumentsOf(request.body),
        },
        undefined,
      );
      // Relative to the path of the request, as RabbitMQ gives it.
      const location = `${quote(destination)}/${quote(propertiesKey(routingKey, binding.arguments))}`;
      return created({ location });
    },
  },
  {
    path: '/api/bindings/:vhost/e/:source/:kind/:destination/:properties',
    GET: (request) => ok(shown(vhostOf(request), existing(request))),
    DELETE: (request) => {
      const { source, destination, routingKey, arguments: bindingArguments } = existing(request);
      const name = destinationName({ destination });
      assertMay(request, 'write', destination.kind, name);
      assertMay(request, 'read', 'exchange', source.name);
      vhostOf(request).bindings.unbind(
        {
          source: source.name,
          destination: { kind: destination.kind, name },
          routingKey,
          arguments: bindingArguments,
        },
        undefined,
      );
      return noContent;
    },
  },
  {
    path: '/api/queues/:vhost/:name/bindings',
    GET: (request) => {
      const vhost = vhostOf(request);
      const name = request.path.name ?? '';
      const incoming = [...(vhost.queues.get(name)?.incoming ?? [])];
      return show(request, [implicit(vhost, name), ...incoming.map((binding) => shown(vhost, binding))]);
    },
  },
  {
    path: '/api/exchanges/:vhost/:name/bindings/source',
    GET: (request) => {
      const vhost = vhostOf(request);
      const name = exchangeName(request.path.name);
      if (name === '')
        return show(
          request,
          [...vhost.queues.keys()].map((queue) => implicit(vhost, queue)),
        );
      const outgoing = [...(vhost.exchanges.get(name)?.outgoing.values() ?? [])];
      return show(
        request,
        outgoing.map((binding) => shown(vhost, binding)),
      );
    },
  },
  {
    path: '/api/exchanges/:vhost/:name/bindings/destination',
    GET: (request) => {
      const vhost = vhostOf(request);
      const incoming = [...(vhost.exchanges.get(exchangeName(request.path.name))?.incoming ?? [])];
      return show(
        request,
        incoming.map((binding) => shown(vhost, binding)),
      );
    },
  },
];

function show(request: Request, items: Shown[]): Answer {
  return list(request, items, [
    'vhost',
    'source',
    'destination_type',
    'destination',
    'routing_key',
    'properties_key',
  ]);
}

/** Every binding of a virtual host, those of the default exchange included. */
function all(vhost: VirtualHost): Shown[] {
  return [
    ...[...vhost.queues.keys()].map((queue) => implicit(vhost, queue)),
    ...[...vhost.exchanges.values()].flatMap((exchange) =>
      [...exchange.outgoing.values()].map((binding) => shown(vhost, binding)),
    ),
  ];
}

function shown(vhost: VirtualHost, binding: Binding): Shown {
  return {
    source: binding.source.name,
    vhost: vhost.name,
    destination: destinationName(binding),
    destination_type: binding.destination.kind,
    routing_key: binding.routingKey,
    arguments: tableToJson(binding.arguments),
    properties_key: propertiesKey(binding.routingKey, binding.arguments),
  };
}

/** The default exchange binds every queue by its name. */
function implicit(vhost: VirtualHost, queue: string): Shown {
  return {
    source: '',
    vhost: vhost.name,
    destination: queue,
    destination_type: 'queue',
    routing_key: queue,
    arguments: {},
    properties_key: propertiesKey(queue, new Map()),
  };
}

function target({ path }: Request): { source: string; kind: 'queue' | 'exchange'; destination: string } {
  if (path.kind !== 'q' && path.kind !== 'e') throw objectNotFound();
  const kind = path.kind === 'q' ? 'queue' : 'exchange';
  return { source: exchangeName(path.source), kind, destination: path.destination ?? '' };
}

/** The bindings from the source to the destination in the path. */
function between(request: Request): Binding[] {
  const { source, kind, destination } = target(request);
  const exchange = vhostOf(request).exchanges.get(source);
  return [...(exchange?.outgoing.values() ?? [])].filter(
    (binding) => binding.destination.kind === kind && destinationName(binding) === destination,
  );
}

function existing(request: Request): Binding {
  const wanted = request.path.properties;
  const found = between(request)
    .sort((a, b) => (bindingKey(a) < bindingKey(b) ? -1 : 1))
    .find((binding) => propertiesKey(binding.routingKey, binding.arguments) === wanted);
  if (found === undefined) throw objectNotFound();
  return found;
}

function quote(text: string): string {
  return encodeURIComponent(text).replaceAll('%20', '+');
}
