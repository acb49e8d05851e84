import { isDeepStrictEqual } from 'node:util';
import type { GatewayObject } from '../../../model/gateway.ts';
import type { Answer } from '../answer.ts';
import type { Collection } from '../state/resources.ts';
import type { Store } from '../state/store.ts';
import { UNAVAILABLE_RESOURCES, unavailable } from '../unavailable.ts';
import { PluginGroups } from './plugin-groups.ts';
import type { Decoded, ReadBody } from './request-body.ts';
import { errorOf } from './resource.ts';
import { RESOURCES } from './resources/registry.ts';

/** The lists of a standalone configuration; credentials stand among the consumers. */
const LISTS = [
  'routes',
  'services',
  'upstreams',
  'consumers',
  'ssls',
  'global_rules',
  'plugin_configs',
  'plugin_metadata',
  'consumer_groups',
] as const satisfies Collection[];
/** Lists that APISIX has and this gateway lacks; how a sentence names what would stand in them. */
const LACKING = new Map([...UNAVAILABLE_RESOURCES, ['plugins', 'a list of the plugins to load']]);
/** Every list has a version. */
const VERSIONED = [...LISTS, ...LACKING.keys()];
const CREDENTIAL = /^([^/]+)\/credentials\/([^/]+)$/;

const bad = (message: string): Answer => ({ status: 400, body: { error_msg: message } });

/**
 * The Admin API of a standalone APISIX: `GET` and `PUT /configs`, the whole configuration at once, with a digest and a
 * version for each list. It checks no references, as APISIX does not.
 */
export class Standalone {
  readonly #store: Store;
  readonly #versions = new Map<string, number>(VERSIONED.map((list) => [list, 0]));
  #lists: Record<string, unknown[]> = {};
  #digest: string | undefined;
  #modified: number | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The whole configuration, as JSON or as YAML. */
  async get(asYaml: boolean): Promise<Answer> {
    const versions = [...this.#versions].map(([list, version]) => [`${list}_conf_version`, version]);
    const about =
      this.#digest === undefined ? {} : { 'X-Digest': this.#digest, 'X-Last-Modified': this.#modified };
    const configuration = { ...Object.fromEntries(versions), ...this.#lists, ...about };
    if (!asYaml) return { ...this.head(), body: configuration };
    const { stringify } = await import('yaml');
    return { ...this.head(), body: stringify(configuration), contentType: 'application/yaml' };
  }

  /** What it was last told, and when. */
  head(): Answer {
    return { status: 200, headers: this.#headers() };
  }

  async put(
    digest: string | undefined,
    readBody: () => Promise<ReadBody>,
    decode: (text: string) => Decoded | Promise<Decoded>,
  ): Promise<Answer> {
    if (digest === undefined) return bad('missing digest header');
    const read = await readBody();
    if ('error' in read) return bad(`invalid request body: ${read.error}`);
    if (read.text === '') return bad('invalid request body: empty request body');
    const decoded = await decode(read.text);
    if ('error' in decoded) return bad(`invalid request body: ${decoded.error}`);
    if (typeof decoded.value !== 'object' || decoded.value === null)
      return bad('invalid request body: it is no object');
    if (digest === this.#digest) return { status: 204 };
    const sent = decoded.value as Record<string, unknown>;

    const versions = new Map<string, number>();
    for (const [list, version] of this.#versions) {
      const field = `${list}_conf_version`;
      const next = sent[field] ?? version + 1;
      if (typeof next !== 'number') return bad(`${field} must be a number`);
      if (next < version) return bad(`${field} must be greater than or equal to (${version})`);
      versions.set(list, next);
    }
    for (const [list, what] of LACKING) {
      const items = sent[list];
      if (Array.isArray(items) && items.length > 0)
        return bad(`invalid ${list} at index 0, err: ${unavailable(what)}`);
    }
    const lists: Record<string, unknown[]> = {};
    const wanted = new Map<Collection, Map<string, GatewayObject>>();
    const groups = new PluginGroups();
    for (const list of LISTS) {
      const unchanged = versions.get(list) === this.#versions.get(list);
      const items = (unchanged ? this.#lists[list] : sent[list]) as unknown[] | undefined;
      if (!Array.isArray(items) || items.length === 0) continue;
      lists[list] = items;
      for (const [index, item] of items.entries()) {
        const error = place(wanted, groups, list, item as GatewayObject, index);
        if (error !== undefined) return bad(error);
      }
    }
    await this.#write(wanted);
    for (const [list, version] of versions) this.#versions.set(list, version);
    this.#lists = lists;
    this.#digest = digest;
    this.#modified = Math.floor(Date.now() / 1000);
    return { status: 202, headers: this.#headers() };
  }

  #headers(): Record<string, string> {
    return this.#digest === undefined
      ? {}
      : { 'X-Digest': this.#digest, 'X-Last-Modified': String(this.#modified) };
  }

  async #write(wanted: ReadonlyMap<Collection, ReadonlyMap<string, GatewayObject>>): Promise<void> {
    for (const collection of [...LISTS, 'credentials'] as const) {
      const items = wanted.get(collection) ?? new Map<string, GatewayObject>();
      for (const [id, value] of items) {
        if (isDeepStrictEqual(this.#store.get(collection, id)?.value, value)) continue;
        await this.#store.put(collection, id, value);
      }
      for (const entry of this.#store.list(collection)) {
        if (!items.has(entry.id)) await this.#store.delete(collection, entry.id);
      }
    }
  }
}

/** Puts the item where it belongs; gives APISIX's words for one that is wrong. */
function place(
  wanted: Map<Collection, Map<string, GatewayObject>>,
  groups: PluginGroups,
  list: (typeof LISTS)[number],
  item: GatewayObject,
  index: number,
): string | undefined {
  const [, username, credential] = (list === 'consumers' && CREDENTIAL.exec(String(item.id))) || [];
  const collection = credential === undefined ? list : 'credentials';
  const resource = RESOURCES[collection];
  const { modifiedIndex: _, ...value } = item;
  const checked = credential === undefined ? value : { ...value, id: credential };
  const invalid = errorOf(resource, checked, {
    store: undefined,
    groups,
    id: collection === 'consumers' ? String(value.username) : String(checked.id),
  });
  if (invalid !== undefined) return `invalid ${list} at index ${index}, err: ${invalid}`;
  const id =
    credential !== undefined
      ? `${username}/${credential}`
      : String(list === 'consumers' ? value.username : item.id);
  let items = wanted.get(collection);
  if (items === undefined) {
    items = new Map();
    wanted.set(collection, items);
  }
  if (items.has(id)) {
    const word = list === 'consumers' ? (credential === undefined ? 'username' : 'credential id') : 'id';
    return `found duplicate ${word} ${credential === undefined ? id : item.id} in ${list}`;
  }
  items.set(id, checked);
  return undefined;
}
