import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { FieldPath } from '../../config/mistake.ts';
import { literalPattern } from '../../literal-pattern.ts';
import type { GatewayKind, GatewayObject } from '../../model/gateway.ts';
import type { ImportedObject } from '../../model/import.ts';
import { isRecord } from '../../record.ts';
import * as fields from '../adc-fields.ts';
import { writeAdc } from '../adc-write.ts';
import { mapText } from '../escape.ts';
import { withoutOwnName } from '../own-name.ts';
import type { WritableFormat } from '../route-format.ts';
import { inFileOrder, openSource, type Source } from '../source.ts';

/** The declaration of ADC, APISIX's own command-line tool: services with their routes in them. Ids left out are made as ADC makes them. */
export const format: WritableFormat = {
  read(text) {
    const source = openSource(text, 'a mapping with lists such as "services:": adc.yaml');
    const objects = new Reader(source).read();
    // `${NAME}` is a variable in ADC, too; `\${` is none.
    const unescaped = objects.map((item) => ({
      ...item,
      object: mapText(item.object, (word) => word.replaceAll('\\${', () => '$${')),
    }));
    return { objects: unescaped, losses: inFileOrder(source.losses) };
  },
  writer: {
    write: writeAdc,
    reference: (variable) => `\${${variable}}`,
    plain: (text) => text.replaceAll('${', () => '\\${'),
  },
};

type Fields = Record<string, unknown>;

/** As ADC does, so that what it has put into a gateway is found there. */
const adcId = (name: string): string => createHash('sha1').update(name).digest('hex');

class Reader {
  readonly #source: Source;
  readonly #objects = new Map<string, ImportedObject>();

  constructor(source: Source) {
    this.#source = source;
  }

  read(): ImportedObject[] {
    const { data } = this.#source;
    const known = ['services', 'ssls', 'consumers', 'consumer_groups', 'global_rules', 'plugin_metadata'];
    for (const name of Object.keys(data))
      if (!known.includes(name)) this.#source.lose([name], 'ADC knows no list of this name');
    for (const [path, item] of this.#items(['services'], data.services)) this.#service(path, item);
    for (const [path, item] of this.#items(['ssls'], data.ssls)) this.#ssl(path, item);
    for (const [path, item] of this.#items(['consumers'], data.consumers)) this.#consumer(path, item);
    for (const [path, item] of this.#items(['consumer_groups'], data.consumer_groups))
      this.#group(path, item);
    for (const [name, config] of Object.entries(isRecord(data.global_rules) ? data.global_rules : {}))
      this.#add('global_rule', name, { plugins: { [name]: config } }, ['global_rules', name]);
    for (const [name, config] of Object.entries(isRecord(data.plugin_metadata) ? data.plugin_metadata : {}))
      this.#add('plugin_metadata', name, isRecord(config) ? config : {}, ['plugin_metadata', name]);
    return [...this.#objects.values()];
  }

  *#items(path: FieldPath, list: unknown): Generator<[FieldPath, Fields]> {
    if (list === undefined || list === null) return;
    if (!Array.isArray(list)) {
      this.#source.lose(path, 'it is no list');
      return;
    }
    for (const [index, item] of list.entries()) {
      if (isRecord(item)) yield [[...path, index], item];
      else this.#source.lose([...path, index], 'it is no mapping');
    }
  }

  /** One that is there already says the same: several services of ADC may lead to one upstream of APISIX. */
  #add(kind: GatewayKind, id: string, object: Fields, path: FieldPath): void {
    const key = `${kind} ${id}`;
    const there = this.#objects.get(key);
    if (there === undefined)
      this.#objects.set(key, {
        kind,
        id,
        object: object as GatewayObject,
        place: this.#source.placeOf(path),
      });
    else if (!isDeepStrictEqual(there.object, object))
      this.#source.lose(path, `it is left out: there is another ${kind} ${id} before it`);
  }

  /** The fields that APISIX has, too, by its names; `beside` is read by the caller. */
  #fields(path: FieldPath, item: Fields, known: ReadonlySet<string>, beside: readonly string[]): Fields {
    const read: Fields = {};
    for (const [name, value] of Object.entries(item)) {
      const own = name === 'description' ? 'desc' : name;
      if (beside.includes(name) || value === undefined || value === null) continue;
      if (!known.has(own)) this.#source.lose([...path, name], 'APISIX has no such field there');
      else if (own === 'labels' && isRecord(value)) {
        const labels = labelsOf(value);
        if (Object.keys(labels).length > 0) read.labels = labels;
      } else read[own] = value;
    }
    return read;
  }

  #named(path: FieldPath, item: Fields): string | undefined {
    if (typeof item.name === 'string' && item.name !== '') return item.name;
    this.#source.lose(path, 'it is left out: ADC finds it by its name, and it has none');
    return undefined;
  }

  #service(path: FieldPath, item: Fields): void {
    const name = this.#named(path, item);
    if (name === undefined) return;
    const labels = isRecord(item.labels) ? item.labels : {};
    const standsFor = labels[fields.OF_LABEL] as fields.StandsFor | undefined;
    const id = String(item.id ?? adcId(name));
    const beside = 'id upstream upstreams routes stream_routes path_prefix strip_path_prefix'.split(' ');
    const service = this.#fields(path, item, fields.SERVICE, beside);
    const upstream = isRecord(item.upstream)
      ? this.#upstream([...path, 'upstream'], item.upstream)
      : undefined;
    const leading = this.#lead(standsFor, { id, service, upstream, labels, path });
    for (const [at, each] of this.#items([...path, 'upstreams'], item.upstreams)) {
      const own = this.#named(at, each);
      if (own === undefined) continue;
      this.#add('upstream', String(each.id ?? adcId(`${name}.${own}`)), this.#upstream(at, each), at);
    }
    for (const [at, each] of this.#items([...path, 'routes'], item.routes))
      this.#route(at, each, name, leading, item);
    for (const [at, each] of this.#items([...path, 'stream_routes'], item.stream_routes)) {
      const own = this.#named(at, each);
      if (own === undefined) continue;
      const route = this.#fields(at, each, fields.STREAM_ROUTE, ['id']);
      const routeId = String(each.id ?? adcId(`${name}.${own}`));
      this.#add('stream_route', routeId, { ...withoutOwnName(route, routeId), ...leading }, at);
    }
  }

  /** Adds what an ADC service is in APISIX, and gives the fields by which its routes lead there. */
  #lead(
    standsFor: fields.StandsFor | undefined,
    {
      id,
      service,
      upstream,
      labels,
      path,
    }: { id: string; service: Fields; upstream: Fields | undefined; labels: Fields; path: FieldPath },
  ): Fields {
    if (standsFor === 'none') return {};
    if (standsFor === 'route') return { upstream };
    if (standsFor === 'upstream') {
      this.#add('upstream', id, withoutOwnName({ ...service, ...upstream }, id), path);
      return { upstream_id: id };
    }
    const own = withoutOwnName(service, id);
    if (upstream === undefined) this.#add('service', id, own, path);
    else if (standsFor === 'service') this.#add('service', id, { ...own, upstream }, path);
    else {
      const named = labels[fields.UPSTREAM_LABEL];
      const upstreamId = String(named ?? id);
      // ADC calls the upstream of a service as the service.
      const object =
        named === undefined ? { ...upstream, name: service.name } : withoutOwnName(upstream, upstreamId);
      this.#add('upstream', upstreamId, object, [...path, 'upstream']);
      this.#add('service', id, { ...own, upstream_id: upstreamId }, path);
    }
    return { service_id: id };
  }

  #upstream(path: FieldPath, item: Fields): Fields {
    return this.#fields(path, item, fields.UPSTREAM, ['id']);
  }

  #route(
    path: FieldPath,
    item: Fields,
    service: string,
    leading: Fields,
    { path_prefix: prefix, strip_path_prefix: strips }: Fields,
  ): void {
    const name = this.#named(path, item);
    if (name === undefined) return;
    const id = String(item.id ?? adcId(`${service}.${name}`));
    const route = withoutOwnName(this.#fields(path, item, fields.ROUTE, ['id']), id);
    if (typeof prefix === 'string' && Array.isArray(route.uris)) {
      route.uris = route.uris.map((uri) => `${prefix}${uri}`);
      const plugins = isRecord(route.plugins) ? route.plugins : {};
      if (strips === true && plugins['proxy-rewrite'] !== undefined)
        this.#source.lose(
          [...path, 'plugins', 'proxy-rewrite'],
          `the service strips ${prefix}, and this rewrites, too`,
          'one regex_uri for both',
        );
      else if (strips === true)
        route.plugins = {
          ...plugins,
          'proxy-rewrite': { regex_uri: [`^${literalPattern(prefix)}(/.*)`, '$1'] },
        };
    }
    this.#add('route', id, { ...route, ...leading }, path);
  }

  #ssl(path: FieldPath, item: Fields): void {
    const pairs = [...this.#items([...path, 'certificates'], item.certificates)].map(([, pair]) => pair);
    const [first, ...more] = pairs;
    if (first === undefined || !Array.isArray(item.snis)) {
      this.#source.lose(path, 'it is left out: a certificate has `snis` and `certificates`');
      return;
    }
    const known = new Set(['type', 'snis', 'client', 'ssl_protocols', 'labels']);
    const ssl = this.#fields(path, item, known, ['id', 'certificates']);
    this.#add(
      'ssl',
      String(item.id ?? adcId(item.snis.join(','))),
      {
        ...ssl,
        cert: first.certificate,
        key: first.key,
        ...(more.length === 0
          ? {}
          : { certs: more.map(({ certificate }) => certificate), keys: more.map(({ key }) => key) }),
      },
      path,
    );
  }

  #consumer(path: FieldPath, item: Fields, group?: string): void {
    const { username } = item;
    if (typeof username !== 'string') {
      this.#source.lose(path, 'it is left out: a consumer has a `username`');
      return;
    }
    const consumer = this.#fields(path, item, fields.CONSUMER, ['credentials']);
    this.#add(
      'consumer',
      username,
      { ...consumer, ...(group === undefined ? {} : { group_id: group }) },
      path,
    );
    for (const [at, each] of this.#items([...path, 'credentials'], item.credentials)) {
      const name = this.#named(at, each);
      if (name === undefined) continue;
      const id = String(each.id ?? adcId(`${username}.${name}`));
      const own = withoutOwnName(this.#fields(at, each, fields.CREDENTIAL, ['id', 'type', 'config']), id);
      this.#add(
        'credential',
        `${username}/${id}`,
        { ...own, plugins: { [String(each.type)]: each.config ?? {} } },
        at,
      );
    }
  }

  #group(path: FieldPath, item: Fields): void {
    const name = this.#named(path, item);
    if (name === undefined) return;
    const id = String(item.id ?? adcId(name));
    const group = withoutOwnName(this.#fields(path, item, fields.GROUP, ['id', 'consumers']), id);
    this.#add('consumer_group', id, { plugins: {}, ...group }, path);
    for (const [at, each] of this.#items([...path, 'consumers'], item.consumers))
      this.#consumer(at, each, id);
  }
}

function labelsOf(labels: Fields): Record<string, string> {
  const own = Object.entries(labels).filter(
    ([name]) => name !== fields.OF_LABEL && name !== fields.UPSTREAM_LABEL,
  );
  return Object.fromEntries(
    own.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}
