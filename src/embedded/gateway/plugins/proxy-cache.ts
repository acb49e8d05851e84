import { bytesOf } from '../../../matching/bytes.ts';
import type { Exchange, OutgoingResponse } from '../exchange.ts';
import { HeaderList } from '../http/header-list.ts';
import type { Plugin, PluginHost } from '../plugin.ts';
import { type BodyCollection, type CachedAnswer, CacheZone } from '../plugin-support/cache-zone.ts';
import { unavailable } from '../unavailable.ts';
import { unavailableVariable, variable } from '../variables.ts';

interface ProxyCache {
  cache_zone: string;
  cache_strategy: 'disk' | 'memory';
  cache_key: string[];
  cache_http_status: number[];
  cache_method: string[];
  hide_cache_headers: boolean;
  /** Whether `Cache-Control` is obeyed, and with it RFC 9111; otherwise everything is good for `cache_ttl` seconds. */
  cache_control: boolean;
  cache_bypass?: string[];
  no_cache?: string[];
  cache_ttl: number;
}

/** The zones of APISIX's default configuration; the first is on a disk. */
const ZONES: ReadonlyMap<string, 'disk' | 'memory'> = new Map([
  ['disk_cache_one', 'disk'],
  ['memory_cache', 'memory'],
]);
const ZONE_BYTES = 50 * 1024 * 1024;
const zonesKey = {};

/** What is not to be had any more. */
interface Purged {
  zone: string;
  keys: string[];
}

/** The answers that this process keeps, by zone. Another worker has its own; what one purges, all do. */
class Zones {
  readonly #byName = new Map<string, CacheZone>();
  readonly #tell: (purged: Purged) => void;

  constructor(host: PluginHost) {
    this.#tell = host.bulletin('proxy-cache', ({ zone, keys }: Purged) => {
      for (const key of keys) this.of(zone).delete(key);
    });
  }

  of(name: string): CacheZone {
    const zone = this.#byName.get(name) ?? new CacheZone(ZONE_BYTES);
    this.#byName.set(name, zone);
    return zone;
  }

  /** Says whether something was there, in this process. */
  purge(zone: string, keys: string[]): boolean {
    const gone = keys.filter((key) => this.of(zone).delete(key));
    this.#tell({ zone, keys });
    return gone.length > 0;
  }
}

const STATUS = 'Apisix-Cache-Status';
/** Not kept: they belong to a connection, or are made anew. */
const NOT_KEPT = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailers',
  'transfer-encoding',
  'upgrade',
  'content-length',
  STATUS.toLowerCase(),
]);
/** Before keys: no value of a client's makes one of the other. */
const [OF_GET, OF_POST] = ['GET ', 'POST '];
const CACHE_FIELDS = ['Expires', 'Cache-Control'];

const values = {
  type: 'array',
  minItems: 1,
  items: { type: 'string', pattern: '(^[^\\$].+$|^\\$[0-9a-zA-Z_]+$)' },
};

/** What a request has met in the cache. */
interface Lookup {
  status: 'MISS' | 'HIT' | 'EXPIRED' | 'BYPASS' | 'STALE';
  /** Under what the answer is kept, if it may be. */
  key?: string;
  collection?: BodyCollection;
  answer?: Omit<CachedAnswer, 'body'>;
}

/** Keeps answers of the upstream in memory and gives them in its place, as apisix/plugins/proxy-cache/memory_handler.lua does. */
export const proxyCache: Plugin<ProxyCache> = {
  name: 'proxy-cache',
  version: 0.2,
  priority: 1085,
  schema: {
    type: 'object',
    properties: {
      cache_zone: { type: 'string', minLength: 1, maxLength: 100, default: 'disk_cache_one' },
      cache_strategy: { type: 'string', enum: ['disk', 'memory'], default: 'disk' },
      cache_key: { ...values, default: ['$host', '$request_uri'] },
      cache_http_status: {
        type: 'array',
        minItems: 1,
        items: { type: 'integer', minimum: 200, maximum: 599 },
        uniqueItems: true,
        default: [200, 301, 404],
      },
      cache_method: {
        type: 'array',
        minItems: 1,
        items: { type: 'string', enum: ['GET', 'POST', 'HEAD'] },
        uniqueItems: true,
        default: ['GET', 'HEAD'],
      },
      hide_cache_headers: { type: 'boolean', default: false },
      cache_control: { type: 'boolean', default: false },
      cache_bypass: values,
      no_cache: values,
      cache_ttl: { type: 'integer', minimum: 1, default: 300 },
    },
  },
  check(configuration) {
    const {
      cache_key = [],
      cache_zone: zone = 'disk_cache_one',
      cache_strategy: strategy = 'disk',
    } = configuration;
    if (cache_key.includes('$request_method')) return 'cache_key variable $request_method unsupported';
    for (const part of [
      ...cache_key,
      ...(configuration.cache_bypass ?? []),
      ...(configuration.no_cache ?? []),
    ]) {
      const lacking = part.startsWith('$') ? unavailableVariable(part.slice(1)) : undefined;
      if (lacking !== undefined) return lacking;
    }
    const kind = ZONES.get(zone);
    if (kind === undefined) return `cache_zone ${zone} not found`;
    if (kind !== strategy) return `invalid or empty cache_zone for cache_strategy: ${strategy}`;
    return strategy === 'disk' ? unavailable('cache_strategy "disk", which is the default,') : undefined;
  },
  compile(configuration, host) {
    const {
      cache_control: obeys,
      cache_method,
      cache_http_status,
      hide_cache_headers: hides,
    } = configuration;
    const zones = host.shared(zonesKey, () => new Zones(host));
    const zone = zones.of(configuration.cache_zone);
    const keyOf = joined(configuration.cache_key);
    const [bypasses, forbids] = [configuration.cache_bypass, configuration.no_cache].map(condition);
    const lookups = {};

    function look(exchange: Exchange): { lookup: Lookup; found?: CachedAnswer } {
      const { method, headers } = exchange.client;
      const asked = obeys ? directives(headers) : NO_DIRECTIVES;
      if (!cache_method.includes(method)) return { lookup: { status: 'MISS' } };
      if (bypasses?.(exchange) || asked.has('no-store') || asked.has('no-cache')) {
        return { lookup: { status: 'BYPASS' } };
      }
      const key = keyFor(exchange);
      const found = zone.get(key);
      if (found === undefined || !suits(exchange, found)) return { lookup: { status: 'MISS', key } };
      const age = (host.now() - found.storedAt) / 1000;
      if (age > found.ttl) return { lookup: { status: 'EXPIRED', key } };
      const tooOld =
        age > seconds(asked, 'max-age', Number.POSITIVE_INFINITY) ||
        found.ttl - age < seconds(asked, 'min-fresh', Number.NEGATIVE_INFINITY);
      return tooOld ? { lookup: { status: 'STALE', key } } : { lookup: { status: 'HIT' }, found };
    }

    /** The answer to a POST is none to a GET: each has its own, where APISIX takes one for the other. */
    function keyFor(exchange: Exchange): string {
      return (exchange.client.method === 'POST' ? OF_POST : OF_GET) + keyOf(exchange);
    }

    function purge(exchange: Exchange) {
      const key = keyOf(exchange);
      return { status: zones.purge(configuration.cache_zone, [OF_GET + key, OF_POST + key]) ? 200 : 404 };
    }

    /** Seconds for which an answer may be given again; 0 when it may not. */
    function timeOf(exchange: Exchange, { status, headers, fromGateway }: OutgoingResponse): number {
      // What was asked by HEAD has no body to give to a GET, and a part is not the whole (RFC 9111, 3.3).
      if (fromGateway || exchange.client.method === 'HEAD' || status === 206) return 0;
      if (!cache_http_status.includes(status) || forbids?.(exchange)) return 0;
      return obeys ? allowedTime(exchange, headers, host.now()) : configuration.cache_ttl;
    }

    return {
      access(exchange) {
        if (exchange.client.method === 'PURGE') return purge(exchange);
        const { lookup, found } = look(exchange);
        exchange.note(lookups, lookup);
        if (found !== undefined) {
          const fields = new HeaderList(
            [...found.headers.entries()].flatMap(([name, value]) =>
              givenAgain(name, hides) ? [name, value] : [],
            ),
          );
          fields.set('Age', String(Math.floor((host.now() - found.storedAt) / 1000)));
          return { status: found.status, body: found.body, fields };
        }
        const unknown = lookup.status === 'MISS' && lookup.key !== undefined;
        return obeys && unknown && directives(exchange.client.headers).has('only-if-cached')
          ? { status: 504 }
          : undefined;
      },
      headerFilter(exchange) {
        const lookup = exchange.noted(lookups) as Lookup | undefined;
        const { response } = exchange;
        if (lookup === undefined || response === undefined) return;
        response.headers.set(STATUS, lookup.status);
        if (obeys && invalidates(exchange, response)) purge(exchange);
        const { key } = lookup;
        if (key === undefined) return;
        const { status, headers } = response;
        const ttl = timeOf(exchange, response);
        if (ttl > 0) {
          const kept = [...headers.entries()].filter(([name]) => !NOT_KEPT.has(name.toLowerCase())).flat();
          const vary = obeys ? chosenBy(exchange, headers) : [];
          lookup.answer = { status, headers: new HeaderList(kept), storedAt: host.now(), ttl, vary };
          lookup.collection = zone.collect();
        }
        if (hides) for (const name of CACHE_FIELDS) headers.remove(name);
      },
      bodyFilter(exchange, chunk, last) {
        const { key, collection, answer } = (exchange.noted(lookups) ?? {}) as Partial<Lookup>;
        collection?.add(chunk);
        if (!last || key === undefined || collection === undefined || answer === undefined) return chunk;
        const body = collection.end();
        if (body === undefined || !zone.set(key, { ...answer, body })) {
          host.log('warn', 'an answer is too large for the cache', { route: exchange.route?.id });
        }
        return chunk;
      },
      log(exchange) {
        (exchange.noted(lookups) as Lookup | undefined)?.collection?.drop();
      },
    };
  },
};

/** The values of variables and texts, one behind the other. */
function joined(parts: readonly string[]): (exchange: Exchange) => string {
  const readers = parts.map((part): ((exchange: Exchange) => string) => {
    if (part.startsWith('$')) return (exchange) => variable(exchange, part.slice(1)) ?? '';
    const bytes = bytesOf(part);
    return () => bytes;
  });
  return (exchange) => readers.map((read) => read(exchange)).join('');
}

/** Whether the values together are neither empty nor `0`. */
function condition(parts: readonly string[] | undefined): ((exchange: Exchange) => boolean) | undefined {
  if (parts === undefined) return undefined;
  const value = joined(parts);
  return (exchange) => !['', '0'].includes(value(exchange));
}

function givenAgain(name: string, hides: boolean): boolean {
  const lower = name.toLowerCase();
  if (hides && CACHE_FIELDS.some((each) => each.toLowerCase() === lower)) return false;
  return !lower.includes('ratelimit-remaining');
}

type Directives = ReadonlyMap<string, string>;
const NO_DIRECTIVES: Directives = new Map();

/** Those of all `Cache-Control` fields, by lower-case name (RFC 9111, 5.2). */
function directives(headers: HeaderList): Directives {
  const found = new Map<string, string>();
  for (const [, name = '', value = ''] of headers
    .all('cache-control')
    .join(',')
    .matchAll(/([^\s,=]+)\s*(?:=\s*("[^"]*"|[^,\s]*))?/g)) {
    found.set(name.toLowerCase(), value.replace(/^"(.*)"$/, '$1'));
  }
  return found;
}

function seconds(found: Directives, name: string, otherwise: number): number {
  const text = found.get(name);
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : otherwise;
}

const DATE = /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/;

/** How long a shared cache may give an answer again (RFC 9111, 3 and 4.2.1); 0 when it may not keep it. */
function allowedTime({ client, consumer }: Exchange, headers: HeaderList, now: number): number {
  const said = directives(headers);
  if (['private', 'no-store', 'no-cache'].some((name) => said.has(name))) return 0;
  // An answer to one who has shown who they are is for others only where that is said (3.5); so is one that sets a cookie.
  const shareable = ['public', 's-maxage', 'must-revalidate'].some((name) => said.has(name));
  if ((consumer !== undefined || client.headers.has('authorization')) && !shareable) return 0;
  if (headers.has('set-cookie') || headers.all('vary').join().includes('*')) return 0;
  const expires = headers.all('expires').at(-1) ?? '';
  // What is no date is past (5.3); JavaScript reads a mere number as one.
  const implied = DATE.test(expires) ? (Date.parse(expires) - now) / 1000 : 0;
  return seconds(said, 's-maxage', seconds(said, 'max-age', implied)) || 0;
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** Whether a request has changed what is kept (RFC 9111, 4.4). */
function invalidates({ client }: Exchange, { status, fromGateway }: OutgoingResponse): boolean {
  return !fromGateway && status < 400 && !SAFE.has(client.method);
}

/** The request's fields that `Vary` names (RFC 9111, 4.1). */
function chosenBy({ client }: Exchange, headers: HeaderList): [name: string, value: string][] {
  const names = headers.all('vary').join(',').split(',');
  return names.flatMap((each) => {
    const name = each.trim().toLowerCase();
    return name === '' ? [] : [[name, client.headers.all(name).join(',')]];
  });
}

function suits({ client }: Exchange, { vary }: CachedAnswer): boolean {
  return vary.every(([name, value]) => client.headers.all(name).join(',') === value);
}
