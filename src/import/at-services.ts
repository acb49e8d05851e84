import { freeName } from '../config/name.ts';
import { slug } from '../config/standalone.ts';
import { serviceUpstream } from '../gateway/index.ts';
import type { GatewayKind, GatewayObject } from '../model/gateway.ts';
import type { ImportedObject } from '../model/import.ts';
import type { Service, Stack } from '../model/stack.ts';
import { isRecord } from '../record.ts';

/** An object with the service of the stack that it belongs to, where it is a route to one. */
export interface PlacedObject extends ImportedObject {
  service?: Service;
}

/** An upstream of what is imported that is a service of the stack, and the settings of it that are not carried over. */
export interface StandIn {
  /** The object that held the upstream. */
  kind: GatewayKind;
  id: string;
  service: string;
  lost: string[];
}

/** What says of an upstream no more than where it is. */
const ADDRESS = new Set(['id', 'name', 'desc', 'labels', 'type', 'nodes', 'scheme', 'pass_host']);
/** What a route of a service may say (`services.NAME.routes`), besides its name and where it leads. */
const ROUTE_FIELDS = new Set(
  'desc uri uris methods host hosts remote_addr remote_addrs vars filter_func priority plugins plugin_config_id timeout enable_websocket status labels'.split(
    ' ',
  ),
);
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '::1', '[::1]', 'host.docker.internal']);

/**
 * Puts the services of the stack in the place of upstreams that lead to them: by their name, as in the network of a compose
 * file, or by a port of this machine. A route that leads straight to one becomes a route of that service; what else refers to
 * such an upstream refers to the upstream of the service.
 */
export function atServices(
  objects: readonly ImportedObject[],
  stack: Stack,
): { objects: PlacedObject[]; standIns: StandIn[] } {
  const standIns: StandIn[] = [];
  const byUpstream = new Map<string, Service>();
  for (const service of stack.services) byUpstream.set(serviceUpstream(stack, service), service);
  const rest = objects.filter(({ kind, id, object }) => {
    const service = kind === 'upstream' ? serviceOf(object, stack) : undefined;
    if (service === undefined) return true;
    byUpstream.set(id, service);
    standIns.push({ kind, id, service: service.name, lost: lostOf(object) });
    return false;
  });
  const taken = new Set(stack.services.flatMap(({ routes }) => routes.map(({ name }) => name)));
  const placed = rest.map((each): PlacedObject => {
    const { kind, id, object } = each;
    const inline = isRecord(object.upstream) ? object.upstream : undefined;
    const service =
      inline === undefined ? byUpstream.get(String(object.upstream_id ?? '')) : serviceOf(inline, stack);
    if (service === undefined) return each;
    if (inline !== undefined) standIns.push({ kind, id, service: service.name, lost: lostOf(inline) });
    const { upstream: _, upstream_id: __, ...own } = object;
    const leading = { ...own, upstream_id: serviceUpstream(stack, service) };
    if (kind !== 'route' || !isPlainRoute(own)) return { ...each, object: leading };
    const name = routeName(each, stack, service, taken);
    taken.add(name);
    return { kind, id: `${stack.name}-${name}`, object: { ...leading, name }, service };
  });
  return { objects: placed, standIns };
}

const isPlainRoute = (route: GatewayObject) =>
  Object.keys(route).every((field) => field === 'name' || ROUTE_FIELDS.has(field)) &&
  (route.uri === undefined) !== (route.uris === undefined);

/** The service that all nodes of the upstream are. */
function serviceOf(upstream: Record<string, unknown>, { services, portBase }: Stack): Service | undefined {
  const { scheme = 'http', pass_host: host = 'pass' } = upstream;
  const nodes = nodesOf(upstream.nodes);
  if (nodes.length === 0 || scheme !== 'http' || (host !== 'pass' && host !== 'node')) return undefined;
  const found = nodes.map(({ host: name, port }) =>
    services.find((service) => {
      // Nobody routes to a worker.
      if (service.port === undefined) return false;
      const first = service.port;
      const last = first + Math.max(service.replicas, 1) - 1;
      const own = (at: number) => port !== undefined && port + at >= first && port + at <= last;
      return LOOPBACK.has(name) ? own(0) || own(portBase) : plain(name) === plain(service.name);
    }),
  );
  const [first] = found;
  return found.every((service) => service === first) ? first : undefined;
}

const plain = (name: string) => name.toLowerCase().replaceAll('_', '-');

/** The nodes of an upstream, in whichever of the two forms. */
export function nodesOf(nodes: unknown): { host: string; port: number | undefined }[] {
  if (Array.isArray(nodes)) {
    return nodes.filter(isRecord).map(({ host, port }) => ({
      host: String(host),
      port: port === undefined ? undefined : Number(port),
    }));
  }
  if (!isRecord(nodes)) return [];
  return Object.keys(nodes).map((address) => {
    const [, host = address, port] = /^(.*):(\d+)$/.exec(address) ?? [];
    return { host, port: port === undefined ? undefined : Number(port) };
  });
}

function lostOf(upstream: Record<string, unknown>): string[] {
  const settings = Object.keys(upstream).filter((field) => !ADDRESS.has(field));
  const type = upstream.type === undefined || upstream.type === 'roundrobin' ? [] : ['type'];
  return [...type, ...(upstream.pass_host === 'node' ? ['pass_host'] : []), ...settings];
}

/** What is only counted, or made by a program, is no name. */
const NO_NAME = /^(\d+|arr_\d+|[0-9a-f]{20,})$/;

function routeName(
  { id, object }: ImportedObject,
  stack: Stack,
  service: Service,
  taken: ReadonlySet<string>,
): string {
  const prefix = `${stack.name}-`;
  const own = id.startsWith(prefix) ? id.slice(prefix.length) : id;
  const said = NO_NAME.test(own) && object.name !== undefined ? String(object.name) : own;
  const word = slug(said)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  const name = /^[a-z]/.test(word) ? word : `${service.name}-${word}`;
  // The same route, imported again.
  if (service.routes.some((route) => route.name === name)) return name;
  return freeName(name, (free) => taken.has(free));
}
