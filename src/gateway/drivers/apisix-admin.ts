import type { Context } from '../../context.ts';
import { QbtcError } from '../../errors.ts';
import type { GatewayKind, GatewayObject, GatewayState } from '../../model/gateway.ts';
import { mapConcurrently } from '../../reconcile/map-concurrently.ts';
import { retry } from '../../reconcile/retry.ts';
import { isRecord } from '../../record.ts';
import type { GatewayDriver } from '../driver.ts';
import { type AdminApi, adminRequests, notApisix } from '../driver-support/admin-requests.ts';
import { COLLECTIONS, LISTED_KINDS } from '../driver-support/collections.ts';
import type { JsonSchema, SchemaName } from '../schema.ts';
import { credentialKey, credentialParts, emptyState } from '../state.ts';

/** The cache in which APISIX looks up references lags behind its store by this long at most, as far as seen. */
const REFERENCE_LAG_MS = 3_000;
const PAUSE_MS = 100;
/**
 * A worker of APISIX follows each kind in etcd by a coroutine of its own: a route may come to it before its upstream,
 * and answers 502 until that is there. Seen for some milliseconds on an idle machine.
 */
const SETTLE_MS = 100;
const READS_IN_FLIGHT = 16;
/** What a gateway may have no list of: APISIX without streams refuses to show their routes. */
const MAY_LACK: ReadonlySet<GatewayKind> = new Set(['proto', 'secret', 'stream_route']);

/** The Admin API of APISIX 3.x in its traditional mode (configuration in etcd), or of what stands in for it. */
export function apisixAdmin(
  context: Pick<Context, 'http' | 'clock' | 'interrupted'>,
  api: AdminApi,
): GatewayDriver {
  const { clock, interrupted } = context;
  const { request, serverName } = adminRequests(context, api);

  const list = async (path: string, mayLack = false): Promise<[string, GatewayObject][]> => {
    // 404: the consumer is gone by now, or this APISIX is older than credentials (3.11) or than the collection.
    const { status, json } = await request('GET', path, { expected: mayLack ? [200, 400, 404] : [200, 404] });
    const known = path.endsWith('/credentials') || String(json.error_msg).startsWith('Unsupported resource');
    if (status !== 200 && (known || mayLack)) return [];
    // An empty list may come as `{}`: Lua has one table for both.
    const items = isRecord(json.list) ? Object.values(json.list) : json.list;
    if (!Array.isArray(items)) throw notApisix(api, { status, headers: {}, body: JSON.stringify(json) });
    return items.filter(isRecord).flatMap((item): [string, GatewayObject][] => {
      if (typeof item.key !== 'string' || !isRecord(item.value)) return [];
      return [[idIn(item.key), item.value]];
    });
  };

  const pathOf = (kind: GatewayKind, id: string): string => {
    // The id of a secret is its manager and its name: `vault/1`.
    if (kind === 'secret') return `/secrets/${id.split('/').map(encodeURIComponent).join('/')}`;
    if (kind !== 'credential') return `/${COLLECTIONS[kind]}/${encodeURIComponent(id)}`;
    const { username, id: credential } = credentialParts(id);
    return `/consumers/${encodeURIComponent(username)}/credentials/${encodeURIComponent(credential)}`;
  };

  return {
    async observe(hasCredentials) {
      const state: GatewayState = emptyState();
      await Promise.all(
        LISTED_KINDS.map(async (kind) => {
          for (const [id, object] of await list(`/${COLLECTIONS[kind]}`, MAY_LACK.has(kind))) {
            // Some versions list credentials among the consumers; they have no username.
            if (kind === 'consumer' && typeof object.username !== 'string') continue;
            state[kind].set(id, object);
          }
        }),
      );
      const usernames = [...state.consumer]
        .filter(([, consumer]) => hasCredentials(consumer))
        .map(([id]) => id);
      await mapConcurrently(usernames, READS_IN_FLIGHT, async (username) => {
        for (const [id, object] of await list(`/consumers/${encodeURIComponent(username)}/credentials`)) {
          state.credential.set(credentialKey(username, id), object);
        }
      });
      return state;
    },

    async schemas(names) {
      const found = new Map<SchemaName, JsonSchema>();
      await mapConcurrently(names, READS_IN_FLIGHT, async (name) => {
        for (const path of schemaPaths(name)) {
          const { status, json } = await request('GET', path, { expected: [200, 400, 404] });
          if (status !== 200) continue;
          found.set(name, json);
          return;
        }
      });
      return found;
    },

    settleMs: () => (serverName()?.startsWith('APISIX/') === true ? SETTLE_MS : 0),

    async check(kind, id, object) {
      // Only the kinds that have this question have an answer to it; the others are judged by their schemas.
      if (kind === 'credential' || kind === 'plugin_metadata' || kind === 'secret') return undefined;
      const path = `/schema/validate/${COLLECTIONS[kind]}`;
      // A consumer is named in its body, and has no other id.
      const body = kind === 'consumer' ? object : { id, ...object };
      try {
        await request('POST', path, { body, expected: [200, 404] });
        return undefined;
      } catch (error) {
        if (error instanceof QbtcError && error.code === 'GATEWAY_REFUSED') return error.message;
        throw error;
      }
    },

    async plugins() {
      const { json } = await request('GET', '/plugins/list', { expected: [200] });
      return Array.isArray(json.list) ? json.list.filter((name) => typeof name === 'string') : [];
    },

    async put(kind, id, object) {
      await request('PUT', pathOf(kind, id), { body: object, expected: [200, 201] });
    },

    async delete(kind, id) {
      await retry(() => request('DELETE', pathOf(kind, id), { expected: [200, 404] }), {
        clock,
        deadlineMs: REFERENCE_LAG_MS,
        tries: Number.POSITIVE_INFINITY,
        pauseMs: PAUSE_MS,
        canSucceed: (error) => error instanceof QbtcError && error.message.includes('still using it'),
        signal: interrupted,
      });
    },
  };
}

/** The id at the end of a key of the store: `/apisix/routes/1`, `/apisix/secrets/vault/1`. */
function idIn(key: string): string {
  const secret = /\/secrets\/([^/]+\/[^/]+)$/.exec(key)?.[1];
  return secret ?? key.slice(key.lastIndexOf('/') + 1);
}

/** Where the schema is asked for. A plugin that has none for consumers has its one schema there too. */
function schemaPaths(name: SchemaName): string[] {
  const slash = name.indexOf('/');
  if (slash === -1) return [`/schema/${name}`];
  const path = `/schema/plugins/${encodeURIComponent(name.slice(slash + 1))}`;
  return name.startsWith('consumer-') ? [`${path}?schema_type=consumer`, path] : [path];
}
