import type { GatewayObject } from '../../../model/gateway.ts';
import { type JsonSchema, validationError } from '../schema/validator.ts';
import type { Collection } from '../state/resources.ts';
import type { Store } from '../state/store.ts';
import { isGrouped, PluginGroups } from './plugin-groups.ts';

export type WriteMethod = 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One kind of resource of the Admin API. Each stands in a file of its own in `resources/`. */
export interface AdminResource {
  collection: Collection;
  /** The word in messages: `missing route id`. */
  kind: string;
  /** What the id in the path must agree with; a consumer is named in its body, plugin metadata by its plugin. */
  identifiedBy: 'id' | 'username' | 'plugin';
  schema: JsonSchema;
  unsupported: readonly WriteMethod[];
  /** Fields that `?filter=` may compare. */
  filterFields?: readonly string[];
  /** What APISIX looks at before the schema; the message as it words it. */
  contradiction?(value: GatewayObject): string | undefined;
  /** What the schema cannot say; the message as APISIX words it. `id` is that of the path where there is one. */
  check(value: GatewayObject, context: CheckContext): string | undefined;
  /** Why it may not be deleted: who still refers to it. */
  referrer?(store: Store, id: string): string | undefined;
}

export interface CheckContext {
  /** Where references are looked up; without it they are not. */
  store: Store | undefined;
  id: string | undefined;
  /** The groups of plugins that are to stand beside it; without them they are those of the store. */
  groups?: PluginGroups;
}

/** What is wrong with a resource, in APISIX's words; `undefined` when it may be taken. */
export function errorOf(
  resource: AdminResource,
  value: GatewayObject,
  context: CheckContext,
): string | undefined {
  const contradiction = resource.contradiction?.(value);
  if (contradiction !== undefined) return contradiction;
  const error = validationError(resource.schema, value);
  if (error !== undefined) return `invalid configuration: ${error}`;
  return resource.check(value, context) ?? groupError(resource.collection, value, context);
}

function groupError(
  collection: Collection,
  value: GatewayObject,
  { store, groups, id }: CheckContext,
): string | undefined {
  if (!isGrouped(value)) return undefined;
  const own = collection === 'consumers' ? String(value.username) : id;
  const others = groups ?? (store && PluginGroups.of(store, collection, own));
  const error = others?.add(value);
  return error !== undefined && collection === 'consumers'
    ? `invalid plugins configuration: ${error}`
    : error;
}

/** APISIX's message for a reference that leads nowhere; `undefined` when it is good or absent. */
export function danglingReference(
  store: Store | undefined,
  collection: Collection,
  word: string,
  id: unknown,
): string | undefined {
  if (id === undefined || store === undefined || store.get(collection, String(id)) !== undefined)
    return undefined;
  return `failed to fetch ${word} info by ${word} id [${id}], response code: 404`;
}

/** The id of the first resource whose field holds this id. */
export function referrerIn(
  store: Store,
  collection: Collection,
  field: string,
  id: string,
): string | undefined {
  for (const entry of store.values(collection)) {
    if (entry.value[field] !== undefined && String(entry.value[field]) === id) return entry.id;
  }
  return undefined;
}
