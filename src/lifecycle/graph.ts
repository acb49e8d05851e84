import { declaredRoutes } from '../gateway/index.ts';
import type { GraphEdge, GraphNode, StackGraph } from '../model/graph.ts';
import type { Stack } from '../model/stack.ts';
import type { Topology } from '../model/topology.ts';
import { desiredOf, queuesOf } from '../topology/index.ts';

/**
 * The stack as it is declared: routes to services, services to what they need, events by exchanges and queues to who
 * takes them. Nothing has to run.
 *
 * @throws QbtcError those of the topology files
 */
export async function graphOfStack(stack: Stack): Promise<StackGraph> {
  const { topology } = await desiredOf(stack);
  const events = eventEdges(stack, topology);
  const declared = [...routeNodes(stack), ...partNodes(stack), ...topologyNodes(topology)];
  const nodes = [...declared, ...spokenOf(stack, events, declared)];
  const known = new Set(nodes.map(({ id }) => id));
  const edges = [...routeEdges(stack), ...needEdges(stack), ...events, ...topologyEdges(topology)];
  // What is only mentioned (the default exchange, a queue that another stack declares) is no part of it.
  const inside = edges.filter(({ from, to }) => known.has(from) && known.has(to));
  return { stack: stack.name, nodes, edges: inside };
}

const idOf = (kind: GraphNode['kind'], name: string) => `${kind}:${name}`;

function routeNodes(stack: Stack): GraphNode[] {
  return declaredRoutes(stack).map(({ name, route }) => {
    const paths = [route.uri ?? route.uris ?? []].flat();
    return {
      id: idOf('route', name),
      kind: 'route',
      name: paths.join(' ') || name,
      about: (route.methods ?? []).join(' '),
    };
  });
}

function routeEdges(stack: Stack): GraphEdge[] {
  return declaredRoutes(stack).flatMap(({ name, service }) =>
    service === undefined
      ? []
      : [{ from: idOf('route', name), to: idOf('service', service), kind: 'leads' as const, label: '' }],
  );
}

function partNodes({ services, resources }: Stack): GraphNode[] {
  return [
    ...services.map(({ name, url, port, replicas }): GraphNode => {
      const where = url ?? (port === undefined ? '' : `:${port}`);
      return {
        id: idOf('service', name),
        kind: 'service',
        name,
        about: [where, ...(replicas > 1 ? [`×${replicas}`] : [])].join(' ').trim(),
      };
    }),
    ...resources.map(
      ({ name, kind }): GraphNode => ({ id: idOf('resource', name), kind: 'resource', name, about: kind }),
    ),
  ];
}

function needEdges({ services, resources }: Stack): GraphEdge[] {
  const isResource = (name: string) => resources.some((each) => each.name === name);
  const parts = [
    ...services.map(({ name, dependsOn }) => ({ kind: 'service' as const, name, dependsOn })),
    ...resources.map(({ name, server }) => ({
      kind: 'resource' as const,
      name,
      dependsOn: server?.dependsOn ?? [],
    })),
  ];
  return parts.flatMap(({ kind, name, dependsOn }) =>
    dependsOn.map((needed) => ({
      from: idOf(kind, name),
      to: idOf(isResource(needed) ? 'resource' : 'service', needed),
      kind: 'needs' as const,
      label: '',
    })),
  );
}

function eventEdges({ services, events: { exchange } }: Stack, topology: Topology): GraphEdge[] {
  const topic = idOf('exchange', exchange);
  return services.flatMap(({ name, events }) => {
    const service = idOf('service', name);
    const { publishes = [], consumes = [], subscribes = [], declares } = events ?? {};
    const queues = new Set(
      consumes.flatMap((each) => {
        const known = queuesOf(each, topology, exchange);
        return known.length === 0 && declares !== undefined ? [each] : known;
      }),
    );
    return [
      ...publishes.map((label) => ({ from: service, to: topic, kind: 'publishes' as const, label })),
      ...[...queues].map((queue) => ({
        ...{ from: idOf('queue', queue), to: service, kind: 'delivers' as const, label: '' },
      })),
      // Each instance has a queue of its own, which comes and goes with it.
      ...subscribes.map((label) => ({ from: topic, to: service, kind: 'delivers' as const, label })),
    ];
  });
}

/** What services speak to that no file declares: the exchange and the queues that one of them declares by itself. */
function spokenOf(
  { events: { exchange } }: Stack,
  edges: readonly GraphEdge[],
  declared: readonly GraphNode[],
): GraphNode[] {
  const known = new Set(declared.map(({ id }) => id));
  const ids = [...new Set(edges.flatMap(({ from, to }) => [from, to]))].filter((id) => !known.has(id));
  return ids.flatMap((id): GraphNode[] => {
    if (id === idOf('exchange', exchange))
      return exchange === '' ? [] : [{ id, kind: 'exchange', name: exchange, about: '' }];
    const name = id.slice(idOf('queue', '').length);
    return [{ id, kind: 'queue', name, about: '' }];
  });
}

function topologyNodes({ exchanges, queues }: Topology): GraphNode[] {
  return [
    ...exchanges.map(
      ({ name, type }): GraphNode => ({ id: idOf('exchange', name), kind: 'exchange', name, about: type }),
    ),
    ...queues.map(
      ({ name, arguments: args }): GraphNode => ({
        id: idOf('queue', name),
        kind: 'queue',
        name,
        about: String(args['x-queue-type'] ?? 'classic'),
      }),
    ),
  ];
}

function topologyEdges({ bindings, queues }: Topology): GraphEdge[] {
  return [
    ...bindings.map(({ source, destination, destination_type, routing_key, arguments: args }) => ({
      from: idOf('exchange', source),
      to: idOf(destination_type, destination),
      kind: 'delivers' as const,
      label: Object.keys(args).length > 0 ? JSON.stringify(args) : routing_key,
    })),
    ...queues.flatMap(({ name, arguments: args }) => {
      const exchange = args['x-dead-letter-exchange'];
      if (typeof exchange !== 'string') return [];
      const key = String(args['x-dead-letter-routing-key'] ?? '');
      // The default exchange puts it into the queue of that name.
      const to = exchange === '' ? idOf('queue', key || name) : idOf('exchange', exchange);
      return [{ from: idOf('queue', name), to, kind: 'dead-letters' as const, label: key }];
    }),
  ];
}
