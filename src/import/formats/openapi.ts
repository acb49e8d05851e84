import type { FieldPath } from '../../config/mistake.ts';
import { freeName } from '../../config/name.ts';
import { slug } from '../../config/standalone.ts';
import { QbtcError } from '../../errors.ts';
import type { GatewayObject } from '../../model/gateway.ts';
import type { ImportedObject } from '../../model/import.ts';
import { isRecord } from '../../record.ts';
import { escapedObject } from '../escape.ts';
import { matchOf, preferences } from '../openapi-paths.ts';
import { upstreamOf } from '../openapi-servers.ts';
import type { ReadOptions, RouteFormat } from '../route-format.ts';
import { inFileOrder, openSource, type Source, type SourceText } from '../source.ts';

type Fields = Record<string, unknown>;

/**
 * An OpenAPI document, 2.0 to 3.2: a route for each path with the methods of its operations. Only where and how is asked for is
 * read: what is sent there is for the service to judge. Operations with plugins of their own (`x-adc-plugins`, as ADC reads
 * them) get a route of their own.
 */
export const format: RouteFormat = {
  read(text, options) {
    const source = openSource(text, 'a mapping with "openapi:" (or "swagger:") and "paths:"');
    if (typeof source.data.openapi !== 'string' && typeof source.data.swagger !== 'string') {
      throw new QbtcError(
        'IMPORT_UNREADABLE',
        `${text.shown} is no OpenAPI document: it says neither "openapi" nor "swagger"`,
        {
          hint: 'other formats: qbtc routes import --help',
        },
      );
    }
    const objects = new Reader(source, text, options).read();
    return { objects: objects.map(escapedObject), losses: inFileOrder(source.losses) };
  },
};

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
/** What a path item says besides its operations, and what is no matter of a gateway. */
const BESIDE = new Set(['summary', 'description', 'parameters', '$ref', 'servers']);
const NAME_LENGTH = 48;

class Reader {
  readonly #source: Source;
  readonly #text: SourceText;
  readonly #options: ReadOptions;
  readonly #ids = new Set<string>();

  constructor(source: Source, text: SourceText, options: ReadOptions) {
    this.#source = source;
    this.#text = text;
    this.#options = options;
  }

  read(): ImportedObject[] {
    const { data } = this.#source;
    const title = nameOf(isRecord(data.info) ? String(data.info.title ?? '') : '') || 'api';
    const { upstream, prefix } = upstreamOf(this.#source, this.#text, this.#options, title);
    const paths = Object.entries(isRecord(data.paths) ? data.paths : {}).filter(([path]) =>
      path.startsWith('/'),
    );
    const preferred = preferences(paths.map(([path]) => path));
    const leading = { upstream_id: upstream?.id ?? this.#options.upstream };
    const beginning = this.#options.upstream === undefined ? `${title}-` : '';
    const routes = paths.flatMap(([path, item]) => {
      const matched = { ...matchOf(`${prefix}${path}`), ...preferred.get(path) };
      return this.#routes(path, item, matched).map(({ name, at, ...route }): ImportedObject => {
        const id = this.#idOf(`${beginning}${name}`);
        return { kind: 'route', id, object: { ...route, ...leading }, place: this.#source.placeOf(at) };
      });
    });
    this.#loseSecurity(data.security, ['security']);
    if (isRecord(data.webhooks))
      this.#source.lose(['webhooks'], 'they are called from here, not through the gateway');
    return upstream === undefined ? routes : [{ ...upstream, kind: 'upstream' }, ...routes];
  }

  /** The routes of a path: one for all plain operations, one for each that has plugins of its own. */
  #routes(
    path: string,
    given: unknown,
    matched: Fields,
  ): (GatewayObject & { name: string; at: FieldPath })[] {
    const at = ['paths', path];
    const item = this.#resolved(at, given);
    if (item === undefined) return [];
    const own = { ...extensions(this.#source.data), ...extensions(item) };
    const plain: string[] = [];
    const special: (GatewayObject & { name: string; at: FieldPath })[] = [];
    for (const [method, operation] of Object.entries(item)) {
      if (!METHODS.includes(method)) {
        if (!BESIDE.has(method) && !method.startsWith('x-'))
          this.#source.lose([...at, method], 'APISIX knows no such method');
        continue;
      }
      if (!isRecord(operation)) continue;
      this.#loseSecurity(operation.security, [...at, method, 'security']);
      if (Array.isArray(operation.servers))
        this.#source.lose([...at, method, 'servers'], 'all routes go to the first server of the document');
      const plugins = extensions(operation);
      if (Object.keys(plugins).length === 0) plain.push(method);
      else
        special.push({
          ...this.#route(path, [method], item, matched, { ...own, ...plugins }),
          at: [...at, method],
        });
    }
    if (Array.isArray(item.servers))
      this.#source.lose([...at, 'servers'], 'all routes go to the first server of the document');
    return plain.length === 0
      ? special
      : [{ ...this.#route(path, plain, item, matched, own), at }, ...special];
  }

  #route(
    path: string,
    methods: string[],
    item: Fields,
    matched: Fields,
    plugins: Fields,
  ): GatewayObject & { name: string } {
    const [only = ''] = methods;
    const operation = methods.length === 1 && isRecord(item[only]) ? item[only] : {};
    const said = operation.summary ?? item.summary;
    return {
      name: nameOf(typeof operation.operationId === 'string' ? operation.operationId : path),
      ...(typeof said === 'string' && said !== '' ? { desc: said.trim().slice(0, 256) } : {}),
      ...matched,
      methods: methods.map((method) => method.toUpperCase()),
      ...(Object.keys(plugins).length === 0 ? {} : { plugins }),
    };
  }

  #resolved(at: FieldPath, item: unknown): Fields | undefined {
    if (!isRecord(item)) return undefined;
    if (typeof item.$ref !== 'string') return item;
    const names = item.$ref.startsWith('#/') ? item.$ref.slice(2).split('/') : undefined;
    const found = names
      ?.map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>((value, name) => (isRecord(value) ? value[name] : undefined), this.#source.data);
    if (isRecord(found)) return { ...found, ...item };
    const where = names === undefined ? 'another document' : 'nothing';
    this.#source.lose([...at, '$ref'], `it is left out: it leads to ${where}`, 'one document with all in it');
    return undefined;
  }

  /** Who may call is said for people and clients; whether gateway or service asks, it does not say. */
  #loseSecurity(security: unknown, at: FieldPath): void {
    if (!Array.isArray(security)) return;
    const schemes = [...new Set(security.filter(isRecord).flatMap((each) => Object.keys(each)))];
    for (const name of schemes)
      this.#source.lose(
        at,
        `${name}: the gateway asks nobody who they are, as the service may do so itself`,
        pluginFor(this.#source.data, name),
      );
  }

  #idOf(name: string): string {
    const id = freeName(name, (each) => this.#ids.has(each));
    this.#ids.add(id);
    return id;
  }
}

/** The plugin of APISIX that asks for what a security scheme says. */
function pluginFor({ components, securityDefinitions }: Fields, name: string): string | undefined {
  const all = isRecord(components) ? components.securitySchemes : securityDefinitions;
  const scheme = isRecord(all) ? all[name] : undefined;
  if (!isRecord(scheme)) return undefined;
  const word = String(scheme.scheme ?? scheme.type).toLowerCase();
  if (word === 'apikey')
    return scheme.in === 'header'
      ? `key-auth: { header: ${scheme.name} }`
      : `key-auth: { ${scheme.in}: ${scheme.name} }`;
  return {
    basic: 'basic-auth: {}',
    bearer: 'jwt-auth: {}',
    oauth2: 'openid-connect',
    openidconnect: 'openid-connect',
  }[word];
}

/** Plugins that the document itself names, as ADC reads them. */
function extensions(holder: Fields): Fields {
  const whole = isRecord(holder['x-adc-plugins']) ? holder['x-adc-plugins'] : {};
  const single = Object.entries(holder).filter(([name]) => name.startsWith('x-adc-plugin-'));
  return {
    ...whole,
    ...Object.fromEntries(single.map(([name, value]) => [name.slice('x-adc-plugin-'.length), value])),
  };
}

/** `listPets` is `list-pets`, `/pets/{petId}` is `pets-petid`. */
function nameOf(text: string): string {
  const words = text.startsWith('/') ? text : text.replace(/([a-z0-9])([A-Z])/g, '$1-$2');
  return slug(`${words} `).slice(0, NAME_LENGTH).replace(/-+$/, '');
}
