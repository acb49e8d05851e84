import { DECLARED_KINDS } from '../model/gateway.ts';
import { isRecord } from '../record.ts';
import { OBJECT_ID } from './fields.ts';
import { freeName } from './name.ts';

/**
 * The standalone file of APISIX (`conf/apisix.yaml`) as APISIX reads it: a list may be empty or nothing, an object may have
 * no id, credentials may stand beside their consumer. What comes out has the shape of a gateway file; whether it is right is
 * for its schema to say.
 */
export function asApisixReads(data: Record<string, unknown>): Record<string, unknown> {
  const read: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(data)) {
    if (isBeside(name, value)) continue;
    read[name] = LISTS.has(name) ? listOf(name, value) : value;
  }
  return read;
}

/** What stands beside the objects and is none: anchors (`x-…`), versions of lists, and which plugins APISIX loads. */
export function isBeside(name: string, value: unknown): boolean {
  const isPlugins = (name === 'plugins' || name === 'stream_plugins') && Array.isArray(value);
  return name.startsWith('x-') || name.endsWith('_conf_version') || isPlugins;
}

const LISTS: ReadonlySet<string> = new Set([...Object.values(DECLARED_KINDS), 'consumers']);
/** What APISIX adds to what it stores; it refuses to be sent it. */
const ADDED = new Set(['create_time', 'update_time', 'modifiedIndex', 'createdIndex']);
const CREDENTIAL = /^([^/]+)\/credentials\/([^/]+)$/;

function listOf(list: string, value: unknown): unknown {
  // Lua has one table for an empty list and an empty mapping.
  if (value === null || (isRecord(value) && Object.keys(value).length === 0)) return [];
  if (!Array.isArray(value)) return value;
  const items = value.map((item) => (isRecord(item) ? withoutAdded(item) : item));
  if (list === 'consumers') return consumersOf(items);
  const taken = new Set(items.map((item) => (isRecord(item) ? idOf(item) : undefined)));
  return items.map((item, index) => {
    if (!isRecord(item) || idOf(item) !== undefined || item.id !== undefined) return item;
    const id = madeId(list, item, index, taken);
    if (id === undefined) return item;
    taken.add(id);
    return { id, ...item };
  });
}

const withoutAdded = (item: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(item).filter(([name]) => !ADDED.has(name)));

function idOf({ id }: Record<string, unknown>): string | undefined {
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
}

/**
 * APISIX calls an object without an id after its place (`arr_1`), so that one that is put before it takes its name. Here it is
 * called after what it says: its name, or its path.
 */
function madeId(
  list: string,
  item: Record<string, unknown>,
  index: number,
  taken: ReadonlySet<string | undefined>,
): string | undefined {
  // The metadata of a plugin are found by the plugin, a secret by its manager.
  if (list === 'plugin_metadata' || list === 'secrets') return undefined;
  const said = [
    item.name,
    item.uri,
    item.uris,
    item.snis,
    item.sni,
    item.server_port,
    item.service_name,
  ].flat();
  const word = said.find((each) => typeof each === 'string' || typeof each === 'number');
  const made = word === undefined ? `arr_${index + 1}` : slug(String(word));
  return freeName(made, (id) => taken.has(id));
}

const LONGEST = 56;

/** A text as an id: `/v1/*` is `v1-any`. */
export function slug(text: string): string {
  if (OBJECT_ID.test(text)) return text;
  const word = text
    .replaceAll('*', '-any')
    .replace(/[^a-zA-Z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .toLowerCase()
    .slice(0, LONGEST);
  return word === '' ? 'root' : word;
}

const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';

/** Consumers with their credentials in them: an API-driven APISIX has both in one list (`app/credentials/key`). */
function consumersOf(items: unknown[]): unknown[] {
  const names = new Set(items.map((item) => (isRecord(item) ? textOf(item.username) : '')));
  const credentials = items.filter(
    (item) => isRecord(item) && names.has(CREDENTIAL.exec(textOf(item.id))?.[1] ?? '/'),
  );
  const others = items.filter((item) => !credentials.includes(item));
  return others.map((item) => {
    if (!isRecord(item)) return item;
    // It is found by its name; an id beside that says nothing.
    const { id: _, ...consumer } = item;
    const own = (credentials as Record<string, unknown>[]).flatMap(({ id, ...credential }) => {
      const [, username, name] = CREDENTIAL.exec(textOf(id)) ?? [];
      return username === textOf(item.username) ? [{ id: name, ...credential }] : [];
    });
    if (own.length === 0) return consumer;
    const stated = Array.isArray(consumer.credentials) ? consumer.credentials : [];
    return { ...consumer, credentials: [...stated, ...own] };
  });
}
