import type { GatewayKind, GatewayObject, GatewayState } from '../model/gateway.ts';
import type { JsonSchema, SchemaName } from './schema.ts';

/**
 * How a gateway is read and written. One file a way in `drivers/`; the reconciler above knows no other.
 *
 * Every method rejects with a `QbtcError`: `GATEWAY_UNREACHABLE`, `GATEWAY_KEY_REFUSED`, `GATEWAY_NOT_APISIX`,
 * `GATEWAY_STORE_AWAY` (these four are about the gateway as a whole, see `isAboutTheGateway`), or
 * `GATEWAY_REFUSED`: it will not have this object, with its own words. A driver retries what can succeed on a
 * second try, within its deadline, and nothing else.
 */
export interface GatewayDriver {
  /**
   * What the gateway holds, of every kind, whoever it belongs to. Credentials may cost one request for each consumer
   * and are read for those that `hasCredentials` picks.
   */
  observe(hasCredentials: (consumer: GatewayObject) => boolean): Promise<GatewayState>;
  /** The gateway's own schemas of these names, as far as it knows them. */
  schemas(names: readonly SchemaName[]): Promise<Map<SchemaName, JsonSchema>>;
  /**
   * Milliseconds after which what was written has reached the part that serves requests. Objects of different kinds may
   * get there in another order than they were written. 0 when it is there at once; known after the first answer.
   */
  settleMs?(): number;
  /** Creates the object or replaces it whole. `id` is the key in a `GatewayState`. */
  put(kind: GatewayKind, id: string, object: GatewayObject): Promise<void>;
  /** Deletes it; an object that is not there counts as deleted. */
  delete(kind: GatewayKind, id: string): Promise<void>;
  /**
   * For a gateway that takes only a whole configuration: `put` and `delete` collect, and this writes what they
   * brought, in one piece. Gives what was left out of it, by `kind/id`, with the reason; with `allOrNothing` nothing is
   * written as soon as there is one.
   */
  commit?(allOrNothing: boolean): Promise<Map<string, string>>;
  /**
   * Asks the gateway whether it would take the object, without writing it; gives its words when it would not.
   * Where the gateway offers no such question the method is left out.
   */
  check?(kind: GatewayKind, id: string, object: GatewayObject): Promise<string | undefined>;
  /** The names of the plugins that the gateway has; left out where it does not tell. */
  plugins?(): Promise<string[]>;
}
