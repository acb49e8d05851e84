import { stringify } from 'yaml';
import type { GatewayKind, GatewayObject } from '../model/gateway.ts';
import type { ImportedObject } from '../model/import.ts';
import { isRecord } from '../record.ts';
import * as fields from './adc-fields.ts';
import { nodesOf } from './at-services.ts';
import type { ExportedRoutes } from './route-format.ts';

type Fields = Record<string, unknown>;

/** Writes objects of APISIX as a declaration of ADC. What ADC has no place for is told. */
export function writeAdc(objects: readonly ImportedObject[]): ExportedRoutes {
  const writer = new Writer(objects);
  const declaration = writer.write();
  const body = stringify(declaration, { lineWidth: 0, aliasDuplicateObjects: false });
  return { text: Object.keys(declaration).length === 0 ? '{}\n' : body, losses: writer.losses };
}

/** What a route leads to, and its id. */
function leadOf({ id, object }: ImportedObject): [fields.StandsFor, string] {
  if (object.service_id !== undefined) return ['service', String(object.service_id)];
  if (object.upstream_id !== undefined) return ['upstream', String(object.upstream_id)];
  return [isRecord(object.upstream) ? 'route' : 'none', id];
}

/** The port of a node that names none. */
const PORTS: Record<string, number> = { https: 443, grpcs: 443 };

class Writer {
  readonly losses: string[] = [];
  readonly #objects: readonly ImportedObject[];

  constructor(objects: readonly ImportedObject[]) {
    this.#objects = objects;
  }

  write(): Fields {
    for (const { kind, id } of this.#objects)
      if (kind === 'proto' || kind === 'secret') this.losses.push(`${kind} ${id}: ADC has none`);
    const lists: Fields = {
      services: this.#services(),
      ssls: this.#of('ssl').flatMap(({ id, object }) => this.#ssl(id, object)),
      consumers: this.#consumers(undefined),
      consumer_groups: this.#of('consumer_group').map(({ id, object }) => ({
        ...this.#fields('consumer_group', id, object, fields.GROUP),
        consumers: this.#consumers(id),
      })),
      global_rules: this.#globalRules(),
      plugin_metadata: Object.fromEntries(this.#of('plugin_metadata').map(({ id, object }) => [id, object])),
    };
    return Object.fromEntries(
      Object.entries(lists).filter(([, list]) => Object.keys(list as object).length > 0),
    );
  }

  #of(kind: GatewayKind): ImportedObject[] {
    return this.#objects.filter((each) => each.kind === kind);
  }

  #find(kind: GatewayKind, id: unknown): GatewayObject | undefined {
    return this.#objects.find((each) => each.kind === kind && each.id === String(id))?.object;
  }

  /** The fields that ADC has, by its names, with a name and an id. */
  #fields(
    kind: string,
    id: string,
    object: Fields,
    known: ReadonlySet<string>,
    beside: readonly string[] = [],
  ): Fields {
    const written: Fields = { id, name: String(object.name ?? id) };
    for (const [name, value] of Object.entries(object)) {
      if (name === 'name' || name === 'id' || beside.includes(name)) continue;
      if (!known.has(name)) this.losses.push(`${kind} ${id}: ADC has no ${name} there`);
      else written[name === 'desc' ? 'description' : name] = value;
    }
    return written;
  }

  #services(): Fields[] {
    const targets = new Map<string, { service: Fields; routes: Fields[]; streams: Fields[] }>();
    const targetOf = (item: ImportedObject) => {
      const [standsFor, id] = leadOf(item);
      const key = `${standsFor} ${id}`;
      const target = targets.get(key) ?? {
        service: this.#service(standsFor, id, item),
        routes: [],
        streams: [],
      };
      targets.set(key, target);
      return target;
    };
    for (const { kind, id } of this.#of('service')) targetOf({ kind, id, object: { service_id: id } });
    for (const item of this.#of('route')) {
      if (item.object.status === 0)
        this.losses.push(`route ${item.id}: it is switched off, and ADC knows no such state`);
      else targetOf(item).routes.push(this.#route(item));
    }
    for (const item of this.#of('stream_route')) {
      const beside = ['upstream', 'upstream_id', 'service_id'];
      const { id, object } = item;
      targetOf(item).streams.push(this.#fields('stream_route', id, object, fields.STREAM_ROUTE, beside));
    }
    const used = new Set(this.#of('service').map(({ object }) => String(object.upstream_id ?? '')));
    for (const { kind, id } of this.#of('upstream'))
      if (!used.has(id)) targetOf({ kind, id, object: { upstream_id: id } });
    return [...targets.values()].map(({ service, routes, streams }) => ({
      ...service,
      ...(routes.length === 0 ? {} : { routes }),
      ...(streams.length === 0 ? {} : { stream_routes: streams }),
    }));
  }

  /** What ADC calls a service, marked where it is something else in APISIX. */
  #service(standsFor: fields.StandsFor, id: string, { kind, object }: ImportedObject): Fields {
    const named = (upstream: string) =>
      this.#upstream(`upstream ${upstream}`, this.#find('upstream', upstream) ?? {});
    const mark = { [fields.OF_LABEL]: standsFor };
    if (standsFor === 'none') return { id, name: id, labels: mark };
    if (standsFor === 'upstream') {
      const { name = id, ...upstream } = named(id);
      return { id, name, labels: mark, upstream };
    }
    if (standsFor === 'route') {
      return {
        id,
        name: id,
        labels: mark,
        upstream: this.#upstream(`${kind} ${id}`, object.upstream as Fields),
      };
    }
    const own = this.#find('service', id) ?? {};
    const service = this.#fields('service', id, own, fields.SERVICE, ['upstream', 'upstream_id']);
    const labels = isRecord(service.labels) ? service.labels : {};
    if (isRecord(own.upstream)) {
      return {
        ...service,
        labels: { ...labels, ...mark },
        upstream: this.#upstream(`service ${id}`, own.upstream),
      };
    }
    if (own.upstream_id === undefined) return service;
    const upstream = String(own.upstream_id);
    return {
      ...service,
      labels: { ...labels, [fields.UPSTREAM_LABEL]: upstream },
      upstream: named(upstream),
    };
  }

  #route({ id, object }: ImportedObject): Fields {
    const { uri, host, remote_addr: address, status: _, plugin_config_id: config, ...rest } = object;
    const shared = config === undefined ? undefined : this.#find('plugin_config', config)?.plugins;
    if (config !== undefined)
      this.losses.push(`route ${id}: the plugins of plugin_config ${config} are written into it`);
    const plural = {
      ...rest,
      ...(uri === undefined ? {} : { uris: [uri] }),
      ...(host === undefined ? {} : { hosts: [host] }),
      ...(address === undefined ? {} : { remote_addrs: [address] }),
      ...(isRecord(shared)
        ? { plugins: { ...shared, ...(isRecord(rest.plugins) ? rest.plugins : {}) } }
        : {}),
    };
    return this.#fields('route', id, plural, fields.ROUTE, ['upstream', 'upstream_id', 'service_id']);
  }

  #upstream(where: string, object: Fields): Fields {
    const written: Fields = {};
    for (const [name, value] of Object.entries(object)) {
      if (name === 'id') continue;
      if (!fields.UPSTREAM.has(name)) this.losses.push(`${where}: ADC has no ${name} of an upstream`);
      else if (name === 'nodes') written.nodes = this.#nodes(value, String(object.scheme ?? 'http'));
      else written[name === 'desc' ? 'description' : name] = value;
    }
    return written;
  }

  #nodes(nodes: unknown, scheme: string): Fields[] {
    const port = PORTS[scheme] ?? 80;
    if (Array.isArray(nodes)) return nodes.filter(isRecord).map((node) => ({ port, weight: 1, ...node }));
    const weights = Object.values(isRecord(nodes) ? nodes : {});
    return nodesOf(nodes).map((node, index) => {
      const weight = weights[index];
      return { host: node.host, port: node.port ?? port, ...(isRecord(weight) ? weight : { weight }) };
    });
  }

  #ssl(id: string, object: Fields): Fields[] {
    const { cert, key, certs = [], keys = [], sni, snis, status: _, ...rest } = object;
    if (typeof key !== 'string') {
      this.losses.push(`ssl ${id}: a gateway does not give private keys`);
      return [];
    }
    const others = (certs as unknown[]).map((certificate, index) => ({
      certificate,
      key: (keys as unknown[])[index],
    }));
    const { name: __, ...written } = this.#fields(
      'ssl',
      id,
      rest,
      new Set(['type', 'client', 'ssl_protocols', 'labels']),
    );
    return [{ ...written, snis: snis ?? [sni], certificates: [{ certificate: cert, key }, ...others] }];
  }

  #consumers(group: string | undefined): Fields[] {
    return this.#of('consumer')
      .filter(({ object }) => (object.group_id === undefined ? undefined : String(object.group_id)) === group)
      .map(({ id, object }) => {
        const {
          id: _,
          name: __,
          ...consumer
        } = this.#fields('consumer', id, object, fields.CONSUMER, ['group_id']);
        const own = this.#of('credential').filter((each) => each.id.startsWith(`${id}/`));
        const credentials = own.flatMap((each) => this.#credential(each));
        return { ...consumer, ...(credentials.length === 0 ? {} : { credentials }) };
      });
  }

  #credential({ id, object }: ImportedObject): Fields[] {
    const [[type, config] = ['', {}]] = Object.entries(isRecord(object.plugins) ? object.plugins : {});
    if (!fields.CREDENTIAL_TYPES.has(type)) {
      this.losses.push(`credential ${id}: ADC has no credentials of ${type === '' ? 'nothing' : type}`);
      return [];
    }
    const own = id.slice(id.indexOf('/') + 1);
    return [{ ...this.#fields('credential', own, object, fields.CREDENTIAL, ['plugins']), type, config }];
  }

  #globalRules(): Fields {
    const plugins: Fields = {};
    for (const { id, object } of this.#of('global_rule')) {
      for (const [name, config] of Object.entries(isRecord(object.plugins) ? object.plugins : {})) {
        if (name !== id) this.losses.push(`global_rule ${id}: ADC calls it ${name}, after its plugin`);
        plugins[name] = config;
      }
    }
    return plugins;
  }
}
