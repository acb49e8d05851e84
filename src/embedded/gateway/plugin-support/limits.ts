import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { messageOf } from '../../../errors.ts';
import { bytesOf } from '../../../matching/bytes.ts';
import type { Answer } from '../answer.ts';
import { type RedisClusterSettings, RedisCounters, type RedisSettings } from '../counters/redis.ts';
import type { Counters } from '../counters.ts';
import type { Exchange, MatchedRoute } from '../exchange.ts';
import type { PluginHost } from '../plugin.ts';
import type { JsonSchema } from '../schema/validator.ts';
import { template } from '../template.ts';
import { unavailableVariable, variable } from '../variables.ts';

/** What limit-count, limit-req and limit-conn have in common: whose requests are counted, and where. */
export interface Limit extends Partial<RedisSettings>, Partial<RedisClusterSettings> {
  key: string;
  key_type: 'var' | 'var_combination' | 'constant';
  policy: 'local' | 'redis' | 'redis-cluster';
  rejected_code: number;
  rejected_msg?: string;
  /** Whether requests pass when the counts cannot be reached. */
  allow_degradation: boolean;
}

const REDIS = {
  properties: {
    redis_host: { type: 'string', minLength: 2 },
    redis_port: { type: 'integer', minimum: 1, default: 6379 },
    redis_username: { type: 'string', minLength: 1 },
    redis_password: { type: 'string', minLength: 0 },
    redis_database: { type: 'integer', minimum: 0, default: 0 },
    redis_timeout: { type: 'integer', minimum: 1, default: 1000 },
    redis_ssl: { type: 'boolean', default: false },
    redis_ssl_verify: { type: 'boolean', default: false },
  },
  required: ['redis_host'],
};

const REDIS_CLUSTER = {
  properties: {
    redis_cluster_nodes: {
      type: 'array',
      minItems: 1,
      items: { type: 'string', minLength: 2, maxLength: 100 },
    },
    redis_password: { type: 'string', minLength: 0 },
    redis_timeout: { type: 'integer', minimum: 1, default: 1000 },
    redis_cluster_name: { type: 'string' },
    redis_cluster_ssl: { type: 'boolean', default: false },
    redis_cluster_ssl_verify: { type: 'boolean', default: false },
  },
  required: ['redis_cluster_nodes', 'redis_cluster_name'],
};

const whereThePolicyIs = (policy: string) => ({
  properties: { policy: { enum: [policy] } },
  // Left out, it is `local`; in APISIX the default stands there before this is asked.
  required: ['policy'],
});

/** What a limit's schema asks of its policy: apisix/utils/redis-schema.lua. */
export const policyConditions: JsonSchema = {
  if: whereThePolicyIs('redis'),
  // biome-ignore lint/suspicious/noThenProperty: the word of JSON Schema
  then: REDIS,
  else: {
    if: whereThePolicyIs('redis-cluster'),
    // biome-ignore lint/suspicious/noThenProperty: the word of JSON Schema
    then: REDIS_CLUSTER,
  },
};

const redisKey = {};

/** Where the configuration is counted; those that name the same Redis in the same way share its connection. */
export function countersOf(configuration: Limit, host: PluginHost): Counters {
  const { policy } = configuration;
  if (policy === 'local') return host.counters;
  const settings = withDefaults(policy === 'redis' ? REDIS : REDIS_CLUSTER, configuration);
  const kept = host.shared(redisKey, () => {
    const all = new Map<string, RedisCounters>();
    host.onClose(async () => {
      await Promise.all([...all.values()].map((counters) => counters.close()));
    });
    return all;
  });
  const name = JSON.stringify(settings);
  let counters = kept.get(name);
  if (counters === undefined) {
    counters = new RedisCounters(settings as unknown as RedisSettings, () => host.now());
    kept.set(name, counters);
  }
  return counters;
}

/** The settings that the schema names; the defaults of a condition are filled in by nobody else. */
function withDefaults({ properties }: typeof REDIS | typeof REDIS_CLUSTER, configuration: Limit) {
  const given = configuration as unknown as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [
      name,
      given[name] ?? (schema as { default?: unknown }).default,
    ]),
  );
}

/**
 * Names the limit that a configuration sets, as apisix/plugins/limit-count/init.lua does: each route has its own, also where
 * the configuration stands at its service or at a consumer, and keeps it until the configuration itself changes. Gateways
 * with the same configuration give the same name.
 */
export function limitName(
  plugin: string,
  configuration: Limit,
  globalRule: string | undefined,
): (exchange: Exchange) => string {
  const version = crc32(JSON.stringify(sorted(configuration)));
  const name = (place: string) => bytesOf(`plugin-${plugin}${place}:${version}`);
  if (globalRule !== undefined) {
    const only = name(`global_rule${globalRule}`);
    return () => only;
  }
  const ofRoute = ({ id, serviceId }: MatchedRoute) =>
    name(serviceId === undefined ? `route${id}` : `route&service${id}&${serviceId}`);
  // Most configurations belong to one route.
  let last: { id: string; serviceId: string | undefined; name: string } | undefined;
  return ({ route }) => {
    if (route === undefined) return name('');
    if (last?.id !== route.id || last.serviceId !== route.serviceId) {
      last = { id: route.id, serviceId: route.serviceId, name: ofRoute(route) };
    }
    return last.name;
  };
}

/** The value with the fields of all its objects in the order of the alphabet. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([name, each]) => [name, sorted(each)]));
}

/** Keys can be as long as a header field; a longer one than this is known by its digest. */
const MAX_KEY_LENGTH = 256;

/** Whose request it is, as bytes. A key without a value falls back to the client's address, as in APISIX. */
export function limitKey({ key, key_type }: Pick<Limit, 'key' | 'key_type'>): (exchange: Exchange) => string {
  const read = keyReader(key, key_type);
  return (exchange) => {
    const value = read(exchange) ?? exchange.remoteAddress;
    return value.length <= MAX_KEY_LENGTH
      ? value
      : createHash('sha256').update(value, 'latin1').digest('hex');
  };
}

function keyReader(key: string, type: Limit['key_type']): (exchange: Exchange) => string | undefined {
  if (type === 'constant') {
    const bytes = bytesOf(key);
    return () => bytes;
  }
  if (type === 'var') {
    const name = key.replace(/^\$/, '');
    return (exchange) => variable(exchange, name);
  }
  const combination = template(key);
  return (exchange) => (combination.resolved(exchange) === 0 ? undefined : combination.render(exchange));
}

/** The variables that a key is made of. */
function namesIn({ key, key_type }: Pick<Limit, 'key' | 'key_type'>): readonly string[] {
  if (key_type === 'constant') return [];
  return key_type === 'var_combination' ? template(key).names : [key.replace(/^\$/, '')];
}

/** Which of the variables in a key this gateway lacks. The configuration is as it was given, without defaults. */
export function limitError({ key = 'remote_addr', key_type = 'var' }: Partial<Limit>): string | undefined {
  for (const name of namesIn({ key, key_type })) {
    const lacking = unavailableVariable(name);
    if (lacking !== undefined) return lacking;
  }
  return undefined;
}

/** What becomes of a request whose counts cannot be reached: it passes, or is answered 500, as APISIX does. */
export function unreachable(
  what: string,
  { allow_degradation: degrades }: Limit,
  host: PluginHost,
): (error: unknown) => Answer | undefined {
  return (error) => {
    host.log('error', `failed to ${what}: ${messageOf(error)}`);
    return degrades ? undefined : { status: 500 };
  };
}

/** The answer to a request that is too many. */
export function refusal({ rejected_code: status, rejected_msg: message }: Limit) {
  return message === undefined ? { status } : { status, body: { error_msg: message } };
}
