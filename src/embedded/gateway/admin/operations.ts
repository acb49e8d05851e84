import type { GatewayObject } from '../../../model/gateway.ts';
import type { Answer } from '../answer.ts';
import { type Entry, keyOf } from '../state/resources.ts';
import type { Sealing, Store } from '../state/store.ts';
import { listing, shown } from './listing.ts';
import { mergePatch, subPathPatch } from './patch.ts';
import { type AdminResource, errorOf, type WriteMethod } from './resource.ts';

/** One request to a resource, taken apart. */
export interface ResourceRequest {
  resource: AdminResource;
  method: 'GET' | WriteMethod;
  /** The id in the path; for a credential without its consumer. */
  id: string | undefined;
  /** The consumer of a credential. */
  owner: string | undefined;
  /** What stands behind the id, for PATCH. */
  subPath: string;
  query: URLSearchParams;
  /** The decoded body; `undefined` when there is none. */
  body: unknown;
}

const bad = (message: string): Answer => ({ status: 400, body: { error_msg: message } });
/** etcd's answer for what is not there. */
export const NOT_FOUND: Answer = { status: 404, body: { message: 'Key not found' } };

/** What the Admin API does to resources. Answers are those of APISIX; nothing here knows of HTTP connections. */
export class Operations {
  readonly #store: Store;
  readonly #sealing: Sealing;

  constructor(store: Store, sealing: Sealing) {
    this.#store = store;
    this.#sealing = sealing;
  }

  async run(request: ResourceRequest): Promise<Answer> {
    const { resource, method } = request;
    if (method !== 'GET' && resource.unsupported.includes(method)) {
      return { status: 405, body: { error_msg: `not supported \`${method}\` method for ${resource.kind}` } };
    }
    switch (method) {
      case 'GET':
        return this.#get(request);
      case 'DELETE':
        return this.#delete(request);
      case 'PATCH':
        return this.#patch(request);
      default:
        return this.#write(request);
    }
  }

  #get({ resource, id, owner, query }: ResourceRequest): Answer {
    if (id !== undefined) {
      const entry = this.#store.get(resource.collection, storedId(owner, id));
      if (entry === undefined) return NOT_FOUND;
      return { status: 200, body: shown(resource.collection === 'ssls' ? withoutKeys(entry) : entry) };
    }
    const entries = this.#store.list(resource.collection);
    const own = owner === undefined ? entries : entries.filter((entry) => entry.id.startsWith(`${owner}/`));
    // etcd has no folder of credentials until there is one in it.
    if (owner !== undefined && own.length === 0) return NOT_FOUND;
    // As APISIX does: a list shows private keys in its own encryption.
    const told =
      resource.collection === 'ssls'
        ? own.map((entry) => ({ ...entry, value: this.#sealing.seal('ssls', entry.value) }))
        : own;
    return listing(resource, told, query);
  }

  /** POST and PUT. */
  async #write({ resource, method, id, owner, query, body }: ResourceRequest): Promise<Answer> {
    if (body === undefined) return bad('missing configurations');
    if (typeof body !== 'object' || body === null) return bad('invalid configuration');
    const ttl = ttlOf(query);
    if (typeof ttl === 'string') return bad(ttl);
    let value = (Array.isArray(body) && body.length === 0 ? {} : body) as GatewayObject;
    value = this.#sealing.reopen(resource.collection, value);
    if (resource.identifiedBy === 'id') {
      // A number stays one: `"id": 1` is given back as it came.
      const given: unknown = id ?? value.id;
      if (method === 'PUT' && given === undefined) return bad(`missing ${resource.kind} id`);
      if (method === 'POST' && given !== undefined) return bad(`wrong ${resource.kind} id, do not need it`);
      if (value.id !== undefined && String(value.id) !== String(given))
        return bad(`wrong ${resource.kind} id`);
      value = given === undefined ? value : ({ ...value, id: given } as GatewayObject);
    }
    const error = forbiddenTimes(value) ?? errorOf(resource, value, { store: this.#store, id });
    if (error !== undefined) return bad(error);
    if (owner !== undefined && this.#store.get('consumers', owner) === undefined) {
      return { status: 404, body: { error_msg: 'consumer not found' } };
    }
    const stored =
      resource.identifiedBy === 'username'
        ? String(value.username)
        : method === 'POST'
          ? this.#store.nextId()
          : storedId(owner, id ?? String(value.id));
    if (resource.identifiedBy === 'plugin') value = { ...value, id: stored };
    else value = this.#timed(resource, stored, method === 'POST' ? { ...value, id: stored } : value);
    return this.#put(resource, stored, value, ttl);
  }

  async #patch({ resource, id, subPath, query, body }: ResourceRequest): Promise<Answer> {
    if (id === undefined) return bad(`missing ${resource.kind} id`);
    if (body === undefined) return bad('missing new configuration');
    const ttl = ttlOf(query);
    if (typeof ttl === 'string') return bad(ttl);
    const old = this.#store.get(resource.collection, id);
    if (subPath === '' && (typeof body !== 'object' || body === null)) return bad('invalid configuration');
    if (old === undefined) return NOT_FOUND;
    const patched =
      subPath === ''
        ? { value: mergePatch(old.value, body as Record<string, unknown>) }
        : subPathPatch(old.value, subPath, body);
    if ('error' in patched) return bad(patched.error);
    const keepsTime = subPath === '' && (body as GatewayObject).update_time !== undefined;
    if (patched.value.id !== undefined && String(patched.value.id) !== id)
      return bad(`wrong ${resource.kind} id`);
    const now = seconds();
    const { create_time: created = now, update_time: updated } = patched.value;
    const value = {
      ...this.#sealing.reopen(resource.collection, patched.value),
      id,
      create_time: created,
      update_time: keepsTime ? updated : now,
    };
    const error = errorOf(resource, value, { store: this.#store, id });
    if (error !== undefined) return bad(error);
    return this.#put(resource, id, value, ttl);
  }

  async #delete({ resource, id, owner, query }: ResourceRequest): Promise<Answer> {
    if (id === undefined) return bad(`missing ${resource.kind} id`);
    const stored = storedId(owner, id);
    const referrer = query.get('force') === 'true' ? undefined : resource.referrer?.(this.#store, stored);
    if (referrer !== undefined) return bad(referrer);
    if (resource.collection === 'consumers') {
      const credentials = this.#store
        .list('credentials')
        .filter((entry) => entry.id.startsWith(`${stored}/`));
      await Promise.all(credentials.map((entry) => this.#store.delete('credentials', entry.id)));
    }
    if (!(await this.#store.delete(resource.collection, stored))) return NOT_FOUND;
    return { status: 200, body: { key: keyOf(resource.collection, stored), deleted: '1' } };
  }

  #timed(resource: AdminResource, id: string, value: GatewayObject): GatewayObject {
    const now = seconds();
    const created = this.#store.get(resource.collection, id)?.value.create_time ?? now;
    return { ...value, create_time: created, update_time: now };
  }

  async #put(
    resource: AdminResource,
    id: string,
    value: GatewayObject,
    ttl: number | undefined,
  ): Promise<Answer> {
    const { entry, created } = await this.#store.put(resource.collection, id, value, ttl);
    return { status: created ? 201 : 200, body: this.#written(entry) };
  }

  #written(entry: Entry): object {
    return {
      key: keyOf(entry.collection, entry.id),
      value: this.#sealing.seal(entry.collection, entry.value),
    };
  }
}

/** A single certificate is shown without its private keys. */
function withoutKeys(entry: Entry): Entry {
  const { key: _, keys: __, ...value } = entry.value;
  return { ...entry, value };
}

const seconds = () => Math.floor(Date.now() / 1000);
const storedId = (owner: string | undefined, id: string) => (owner === undefined ? id : `${owner}/${id}`);

function ttlOf(query: URLSearchParams): number | string | undefined {
  const text = query.get('ttl');
  if (text === null) return undefined;
  const ttl = Number(text);
  return ttl > 0 && Number.isFinite(ttl) ? ttl : 'invalid argument ttl: should be a number';
}

const TIMES = ['create_time', 'update_time'] as const;

/** The gateway keeps the times itself. */
function forbiddenTimes(value: GatewayObject): string | undefined {
  for (const [part, place] of [
    [value, ''],
    [value.upstream, 'upstream.'],
    [value.plugins, 'plugins.'],
  ] as const) {
    for (const name of TIMES) {
      if (typeof part === 'object' && part !== null && name in part) {
        return `the property is forbidden:  ${place}${name}`;
      }
    }
  }
  return undefined;
}
