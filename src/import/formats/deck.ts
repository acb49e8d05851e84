import { slug } from '../../config/standalone.ts';
import { literalPattern } from '../../literal-pattern.ts';
import type { GatewayKind, GatewayObject } from '../../model/gateway.ts';
import type { ImportedObject } from '../../model/import.ts';
import { isRecord } from '../../record.ts';
import { escaped, mapText } from '../escape.ts';
import { given, KongConfig } from '../kong-config.ts';
import { credentialsOf, groupsOf, usernameOf } from '../kong-consumers.ts';
import { type KongMatch, matchHosts, patternPath, plainPaths } from '../kong-paths.ts';
import { NEAREST, type Surroundings, TRANSLATIONS } from '../kong-plugins.ts';
import { addressOf, type KongAddress, upstreamFor } from '../kong-upstreams.ts';
import type { RouteFormat } from '../route-format.ts';
import { inFileOrder, openSource, type Source } from '../source.ts';

type Plugins = Record<string, Record<string, unknown>>;

/** Kong's declarative file, as decK writes it and a Kong without a database reads it. */
export const format: RouteFormat = {
  read(text) {
    const source = openSource(
      text,
      'a mapping with "_format_version:" and lists such as "services:": kong.yaml',
    );
    const objects = new Reader(source).read();
    // Of decK's templates only variables of the environment are known: they are ours as well.
    const ours = (word: string) =>
      word.replace(/\$\{\{\s*env\s+"(\w+)"\s*\}\}/g, (_, name: string) => `\${${name}}`);
    return {
      objects: objects.map((item) => ({ ...item, object: mapText(escaped(item.object), ours) })),
      losses: inFileOrder(source.losses),
    };
  },
};

const READ = new Set(['services', 'routes', 'upstreams', 'plugins', 'consumers', 'certificates']);
/** About the file, not about the gateway. */
const ABOUT = new Set(['_format_version', '_info', '_transform', '_comment', '_ignore']);
const ROUTE_LOSS = 'APISIX has no such field of a route';
/** What says of a route of APISIX, beside its paths and variables, which requests it takes. */
const NARROWS = ['hosts', 'methods', 'remote_addrs'];
const PLUGIN_LOSS = 'a plugin of APISIX has no such field';
/** What a plugin of Kong may be narrowed to. */
const SCOPES = ['service', 'route', 'consumer', 'consumer_group'];

interface Lead {
  address: KongAddress;
  isOn: boolean;
  /** The fields by which a route leads there; another upstream where the name that was asked for is kept. */
  to(keepsHost: boolean): Record<string, unknown>;
}

class Reader {
  readonly #source: Source;
  readonly #top: KongConfig;
  readonly #objects: ImportedObject[] = [];
  readonly #around: Surroundings;
  readonly #upstreams: ReadonlyMap<string, KongConfig>;
  readonly #used = new Set<string>();
  /** Plugins that stand at the top of the file, by what they are for. */
  readonly #plugins = new Map<string, KongConfig[]>();

  constructor(source: Source) {
    this.#source = source;
    this.#top = new KongConfig(source, [], source.data);
    const members = groupsOf(this.#top);
    this.#around = {
      consumersIn: (groups) => [...new Set(groups.flatMap((group) => members.get(group) ?? []))],
    };
    this.#upstreams = new Map(this.#top.parts('upstreams').map((each) => [each.text('name') ?? '', each]));
    for (const plugin of this.#top.parts('plugins')) {
      const of = SCOPES.flatMap((kind) => {
        const name = nameIn(plugin.take(kind));
        return name === undefined ? [] : [`${kind} ${name}`];
      });
      const [key = 'all', other] = of;
      if (other !== undefined || key.startsWith('consumer_group '))
        plugin.lose(
          '',
          `it is left out: APISIX has no plugin for ${of.join(' and ')} ${other === undefined ? 'in this form' : 'together'}`,
        );
      else this.#plugins.set(key, [...(this.#plugins.get(key) ?? []), plugin]);
    }
  }

  read(): ImportedObject[] {
    for (const name of Object.keys(this.#source.data))
      if (!READ.has(name) && !ABOUT.has(name))
        this.#source.lose([name], 'there is no such thing in APISIX, or it is not read');
    const leads = new Map<string, Lead>();
    for (const service of this.#top.parts('services')) {
      const name = service.text('name') ?? service.text('id') ?? '';
      const lead = this.#service(name, service);
      leads.set(name, lead);
      for (const [index, route] of service.parts('routes').entries())
        this.#route(route, `${name}-${index + 1}`, lead);
      service.loseRest('APISIX has no such field of a service');
    }
    for (const [index, route] of this.#top.parts('routes').entries()) {
      const service = nameIn(route.take('service'));
      this.#route(route, `route-${index + 1}`, service === undefined ? undefined : leads.get(service));
    }
    for (const consumer of this.#top.parts('consumers')) this.#consumer(consumer);
    for (const [index, certificate] of this.#top.parts('certificates').entries())
      this.#certificate(certificate, index);
    const everywhere = this.#translated(this.#pluginsOf('all'));
    for (const [name, config] of Object.entries(everywhere))
      this.#add('global_rule', name, { plugins: { [name]: config } }, this.#top);
    for (const [of, plugins] of this.#plugins)
      for (const plugin of plugins) plugin.lose('', `it is left out: there is no ${of} in this file`);
    for (const [name, upstream] of this.#upstreams)
      if (!this.#used.has(name)) upstream.lose('', `it is left out: no service leads to ${name}`);
    return this.#objects;
  }

  #add(kind: GatewayKind, id: string, object: GatewayObject, from: KongConfig): void {
    this.#objects.push({
      kind,
      id,
      object: given(object) as GatewayObject,
      place: this.#source.placeOf(from.path),
    });
  }

  #service(name: string, service: KongConfig): Lead {
    const id = slug(name).slice(0, 56);
    const address = addressOf(service);
    const named = this.#upstreams.get(address.host);
    if (named !== undefined) this.#used.add(address.host);
    const upstream = upstreamFor(service, address, named);
    const own = { name, desc: undefined, ...upstream, pass_host: upstream.pass_host ?? 'node' };
    this.#add('upstream', id, own, service);
    const plugins = this.#translated([...this.#nested(service), ...this.#pluginsOf(`service ${name}`)]);
    const hasPlugins = Object.keys(plugins).length > 0;
    if (hasPlugins) this.#add('service', id, { name, plugins, upstream_id: id }, service);
    const isOn = service.take('enabled') !== false;
    service.take('id');
    this.#loseTags(service);
    let kept = false;
    return {
      address,
      isOn,
      to: (keepsHost) => {
        if (!keepsHost) return hasPlugins ? { service_id: id } : { upstream_id: id };
        if (!kept)
          this.#add(
            'upstream',
            `${id}-keeps-host`,
            { ...own, name: `${name}-keeps-host`, pass_host: 'pass' },
            service,
          );
        kept = true;
        return { ...(hasPlugins ? { service_id: id } : {}), upstream_id: `${id}-keeps-host` };
      },
    };
  }

  /** Plain paths are one route; each pattern is one of its own. */
  #route(route: KongConfig, fallback: string, lead: Lead | undefined): void {
    const name = route.text('name') ?? fallback;
    route.take('id');
    const paths = route.list('paths');
    const plain = paths.filter((path) => !path.startsWith('~'));
    const patterns = paths.filter((path) => path.startsWith('~'));
    const strips = route.take('strip_path') !== false;
    const before = lead?.address.path ?? '';
    const preferred = route.number('regex_priority') ?? 0;
    const shared = this.#shared(route, name, lead);
    if (paths.length === 0 && shared.vars.length === 0 && !NARROWS.some((field) => field in shared.fields)) {
      // Such as one with an expression: without it a route would take every request.
      route.lose('', 'it is left out: nothing that APISIX knows says which requests it takes');
      return;
    }
    const matches: (KongMatch & { priority?: number })[] = [
      ...(plain.length > 0 || patterns.length === 0 ? [plainPaths(plain, strips, before)] : []),
      // Kong tries patterns before prefixes.
      ...patterns.map((path) => ({ ...patternPath(path, strips, before), priority: preferred + 1 })),
    ];
    for (const [index, { uris, vars, rewrite, priority }] of matches.entries()) {
      if (priority !== undefined && strips && rewrite === undefined)
        route.lose(
          'strip_path',
          'the pattern has groups of its own: what it matches is not taken off',
          'proxy-rewrite with a regex_uri',
        );
      const plugins = withRewrite(shared.plugins, rewrite);
      const all = [...vars, ...shared.vars];
      this.#add(
        'route',
        index === 0 ? slug(name).slice(0, 60) : `${slug(name).slice(0, 56)}-${index + 1}`,
        {
          name,
          ...(uris.length === 1 ? { uri: uris[0] } : { uris }),
          ...shared.fields,
          ...(all.length === 0 ? {} : { vars: all }),
          priority: priority === undefined || priority === 0 ? undefined : priority,
          plugins: Object.keys(plugins).length === 0 ? undefined : plugins,
        } as GatewayObject,
        route,
      );
    }
    route.loseRest(ROUTE_LOSS);
  }

  /** What all routes of one have in common, whatever their paths. */
  #shared(
    route: KongConfig,
    name: string,
    lead: Lead | undefined,
  ): { fields: Record<string, unknown>; vars: unknown[]; plugins: Plugins } {
    const hosts = route.list('hosts').map((host) => host.replace(/:\d+$/, ''));
    // APISIX takes a star at the beginning of a host alone.
    const byPattern = hosts.some((host) => host.endsWith('*'));
    const methods = route.list('methods');
    const headers = route.part('headers');
    const vars = Object.keys((route.take('headers') as object | undefined) ?? {}).map((header) => {
      const values = headers.list(header);
      const variable = `http_${header.toLowerCase().replaceAll('-', '_')}`;
      const [first = ''] = values;
      if (first.startsWith('~*')) return [variable, '~*', first.slice(2)];
      return [variable, '~*', `^(?:${values.map(literalPattern).join('|')})$`];
    });
    const keepsHost = route.take('preserve_host') === true;
    const addresses = route.parts('sources').flatMap((each) => each.text('ip') ?? []);
    const protocols = route.list('protocols');
    if (protocols.length > 0 && !protocols.includes('http') && protocols.includes('https'))
      route.lose(
        'protocols',
        'APISIX takes a route by http and https alike',
        'redirect: { http_to_https: true }',
      );
    else if (protocols.some((each) => ['tcp', 'tls', 'udp', 'tls_passthrough'].includes(each)))
      route.lose('protocols', 'it is taken for a route of HTTP', 'stream_routes');
    for (const said of ['https_redirect_status_code', 'regex_priority', 'path_handling']) route.take(said);
    for (const buffering of ['request_buffering', 'response_buffering'])
      if (route.take(buffering) === false)
        route.lose(buffering, 'it is for the configuration of APISIX', 'proxy-buffering');
    this.#loseTags(route);
    const plugins = this.#translated([...this.#nested(route), ...this.#pluginsOf(`route ${name}`)]);
    return {
      fields: given({
        hosts: byPattern || hosts.length === 0 ? undefined : hosts,
        methods: methods.length === 0 ? undefined : methods,
        remote_addrs: addresses.length === 0 ? undefined : addresses,
        status: lead?.isOn === false ? 0 : undefined,
        ...lead?.to(keepsHost),
      }),
      vars: byPattern ? [matchHosts(hosts), ...vars] : vars,
      plugins,
    };
  }

  #consumer(consumer: KongConfig): void {
    const username = usernameOf(consumer);
    if (username === undefined) {
      consumer.lose('', 'it is left out: it has neither a username nor a custom_id');
      return;
    }
    const plugins = this.#translated([
      ...this.#nested(consumer),
      ...this.#pluginsOf(`consumer ${consumer.text('username')}`),
    ]);
    const object = { username, ...(Object.keys(plugins).length === 0 ? {} : { plugins }) };
    this.#add('consumer', username, object, consumer);
    for (const { id, plugin, config } of credentialsOf(consumer))
      this.#add('credential', `${username}/${id}`, { plugins: { [plugin]: config } }, consumer);
    this.#loseTags(consumer);
    consumer.loseRest('a consumer of APISIX has no such field');
  }

  #certificate(certificate: KongConfig, index: number): void {
    const snis = certificate.parts('snis').map((sni) => sni.text('name') ?? '');
    const [cert, key] = [certificate.text('cert'), certificate.text('key')];
    if (snis.length === 0 || cert === undefined || key === undefined) {
      certificate.lose('', 'it is left out: a certificate of APISIX has a key, and names that it is for');
      return;
    }
    this.#add('ssl', slug(snis[0] ?? `certificate-${index + 1}`), { snis, cert, key }, certificate);
    certificate.take('id');
    this.#loseTags(certificate);
    certificate.loseRest('a certificate of APISIX has no such field');
  }

  /** The plugins at the top of the file that are for this; each is asked for once. */
  #pluginsOf(of: string): KongConfig[] {
    const plugins = this.#plugins.get(of) ?? [];
    this.#plugins.delete(of);
    return plugins;
  }

  /** The plugins within a part, but for those that are for less than all of it. */
  #nested(part: KongConfig): KongConfig[] {
    return part.parts('plugins').filter((plugin) => {
      const narrowed = SCOPES.filter((scope) => nameIn(plugin.take(scope)) !== undefined);
      if (narrowed.length === 0) return true;
      plugin.lose(
        '',
        `it is left out: it is for one ${narrowed.join(' and one ')} alone`,
        'the same plugin there',
      );
      return false;
    });
  }

  #translated(plugins: readonly KongConfig[]): Plugins {
    const found: Plugins = {};
    for (const plugin of plugins) {
      const name = plugin.text('name') ?? '';
      const config = plugin.part('config');
      const translated = TRANSLATIONS[name]?.(config, this.#around);
      if (translated === undefined) {
        plugin.lose(
          '',
          `the plugin ${name} is left out: no plugin of APISIX does just the same`,
          NEAREST[name],
        );
        continue;
      }
      config.loseRest(`${translated.name} has no such field`);
      for (const said of ['id', 'protocols', 'instance_name', 'run_on']) plugin.take(said);
      const isOff = plugin.take('enabled') === false;
      this.#loseTags(plugin);
      plugin.loseRest(PLUGIN_LOSS);
      found[translated.name] = { ...translated.config, ...(isOff ? { _meta: { disable: true } } : {}) };
    }
    return found;
  }

  #loseTags(part: KongConfig): void {
    if (part.list('tags').length > 0)
      part.lose('tags', 'APISIX has labels of a name and a value instead', 'labels');
  }
}

/** A reference of Kong: a name, or a mapping with one. */
function nameIn(reference: unknown): string | undefined {
  if (typeof reference === 'string') return reference;
  const { name, username, id } = (isRecord(reference) ? reference : {}) as Record<string, unknown>;
  const found = name ?? username ?? id;
  return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined;
}

function withRewrite(plugins: Plugins, rewrite: KongMatch['rewrite']): Plugins {
  if (rewrite === undefined) return plugins;
  return { ...plugins, 'proxy-rewrite': { ...rewrite, ...plugins['proxy-rewrite'] } };
}
