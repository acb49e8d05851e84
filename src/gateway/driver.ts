import type { GatewayKind, GatewayObject, GatewayState } from '../model/gateway.ts';
import type { JsonSchema, SchemaName } from './schema.ts';

/**
 * How a gateway is read and written. One file a way in `drivers/`; the reconciler above knows no other.
 *
 * Every method rejects with a `QbtcError`: `GATEWAY_UNREACHABLE`, `GATEWAY_KEY_REFUSED`, `GATEWAY_NOT_APISIX`,
 * `GATEWAY_STORE_AWAY` (these four are about the gateway as a whole, see `isAboutTheGateway`), or
 * `GATEWAY_REFUSED`: it will not have this object, with its own words. A driver retries what can succeed on a
 * second try, within its deadline, and nothing else.
 *
 * A way that knows no single objects (the whole configuration in one document) keeps what `put` and `delete` bring
 * and writes it in an optional `commit` of its own; it is added with the first driver that needs it.
 */
export interface GatewayDriver {
  /**
   * What the gateway holds, of every kind, whoever it belongs to. Credentials cost one request for each consumer
   * and are read for those that `hasCredentials` picks.
   */
  observe(hasCredentials: (consumer: GatewayObject) => boolean): Promise<GatewayState>;
  /** The gateway's own schemas of these names, as far as it knows them. */
  schemas(names: readonly SchemaName[]): Promise<Map<SchemaName, JsonSchema>>;
  /** Creates the object or replaces it whole. `id` is the key in a `GatewayState`. */
  put(kind: GatewayKind, id: string, object: GatewayObject): Promise<void>;
  /** Deletes it; an object that is not there counts as deleted. */
  delete(kind: GatewayKind, id: string): Promise<void>;
}
