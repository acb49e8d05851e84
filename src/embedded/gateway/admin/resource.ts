import type { GatewayObject } from '../../../model/gateway.ts';
import type { JsonSchema } from '../schema/validator.ts';
import type { Collection, Store } from '../state/store.ts';

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
  /** What the schema cannot say; the message as APISIX words it. `id` is that of the path where there is one. */
  check(value: GatewayObject, context: CheckContext): string | undefined;
  /** Why it may not be deleted: who still refers to it. */
  referrer?(store: Store, id: string): string | undefined;
}

export interface CheckContext {
  /** Where references are looked up; without it they are not. */
  store: Store | undefined;
  id: string | undefined;
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
