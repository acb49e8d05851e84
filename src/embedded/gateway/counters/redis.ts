import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import type { Cluster, ClusterOptions, Redis, RedisOptions } from 'ioredis';
import type { BucketRule, Counters, Place, Window, WindowRule } from '../counters.ts';

/** How a Redis is reached; the names are those of APISIX's `apisix/utils/redis-schema.lua`. */
export interface RedisSettings {
  redis_host: string;
  redis_port: number;
  redis_username?: string;
  redis_password?: string;
  redis_database: number;
  /** Milliseconds, for connecting and for each answer. */
  redis_timeout: number;
  redis_ssl: boolean;
  redis_ssl_verify: boolean;
}

export interface RedisClusterSettings {
  /** `host:port` each. */
  redis_cluster_nodes: string[];
  redis_cluster_name: string;
  redis_password?: string;
  redis_timeout: number;
  redis_cluster_ssl: boolean;
  redis_cluster_ssl_verify: boolean;
}

/** A place that nobody gave back, as its gateway was killed, is free after this. */
const PLACE_SECONDS = 3600;

/**
 * Each runs as one step in Redis, whoever else counts there. The first is that of APISIX's limit-count-redis.lua, so that a
 * gateway and an APISIX count together; APISIX reads and writes its buckets in several steps, and its places never expire.
 */
const SCRIPTS = {
  /** Key; count, seconds, cost. Gives what remains, and the seconds until it ends. */
  takeWindow: `
    local ttl = redis.call('ttl', KEYS[1])
    if ttl < 0 then
      redis.call('set', KEYS[1], ARGV[1] - ARGV[3], 'EX', ARGV[2])
      return {ARGV[1] - ARGV[3], tonumber(ARGV[2])}
    end
    return {redis.call('incrby', KEYS[1], 0 - ARGV[3]), ttl}`,
  /** Key; rate, burst, now (ms). Gives the excess as text, false for too much. */
  fillBucket: `
    local rate, burst, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
    local before = redis.call('get', KEYS[1])
    local excess = 0
    if before then
      local kept, last = string.match(before, '^(%S+) (%S+)$')
      excess = math.max(tonumber(kept) - rate * math.abs(now - tonumber(last)) / 1000 + 1, 0)
      if excess > burst then return false end
    end
    local seconds = math.min(math.ceil((excess + 1) / rate), 31536000)
    redis.call('set', KEYS[1], string.format('%.6f %.0f', excess, now), 'EX', seconds)
    return string.format('%.6f', excess)`,
  /** Key; most, id, now (s), seconds. Gives how many places are taken, false when all are. */
  enter: `
    redis.call('zremrangebyscore', KEYS[1], 0, ARGV[3])
    local taken = redis.call('zcard', KEYS[1]) + 1
    if taken > tonumber(ARGV[1]) then return false end
    redis.call('zadd', KEYS[1], ARGV[3] + ARGV[4], ARGV[2])
    redis.call('expire', KEYS[1], ARGV[4])
    return taken`,
  /** Key; id. */
  leave: `return redis.call('zrem', KEYS[1], ARGV[1])`,
};

type Script = keyof typeof SCRIPTS;
type Client = (Redis | Cluster) &
  Record<Script, (key: Buffer, ...parameters: (string | number)[]) => Promise<unknown>>;

/** Counts in a Redis. It is reached when the first request asks, and anew by the next request after it was lost. */
export class RedisCounters implements Counters {
  readonly #settings: RedisSettings | RedisClusterSettings;
  readonly #now: () => number;
  #client: Promise<Client> | undefined;

  constructor(settings: RedisSettings | RedisClusterSettings, now: () => number) {
    this.#settings = settings;
    this.#now = now;
  }

  async takeWindow(limit: string, key: string, { count, seconds, cost }: WindowRule): Promise<Window> {
    const answer = await this.#run('takeWindow', keyOf(limit, key), count, seconds, cost);
    const [remaining, resetSeconds] = answer as [number, number];
    return { remaining, resetSeconds };
  }

  async fillBucket(limit: string, key: string, { rate, burst }: BucketRule): Promise<number | undefined> {
    const excess = await this.#run('fillBucket', keyOf(limit, key), rate, burst, this.#now());
    return excess === null ? undefined : Number(excess);
  }

  async enter(limit: string, key: string, most: number): Promise<Place | undefined> {
    const name = keyOf(limit, key);
    const id = randomUUID();
    const now = Math.floor(this.#now() / 1000);
    const taken = (await this.#run('enter', name, most, id, now, PLACE_SECONDS)) as number | null;
    if (taken === null) return undefined;
    return {
      taken,
      leave: async () => {
        await this.#run('leave', name, id);
      },
    };
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    client?.disconnect();
  }

  async #run(script: Script, key: Buffer, ...parameters: (string | number)[]): Promise<unknown> {
    const client = await this.#connected();
    try {
      return await client[script](key, ...parameters);
    } catch (error) {
      // Whoever does not answer is asked on a new connection the next time.
      if (error instanceof Error && error.message === 'Command timed out') client.disconnect();
      throw error;
    }
  }

  #connected(): Promise<Client> {
    if (this.#client === undefined) {
      const client = connect(this.#settings, () => {
        if (this.#client === client) this.#client = undefined;
      });
      this.#client = client;
    }
    return this.#client;
  }
}

/** Resolves with a client that is ready; calls `lost` once it is not, or when it never is. */
async function connect(settings: RedisSettings | RedisClusterSettings, lost: () => void): Promise<Client> {
  try {
    const client = await created(settings);
    let cause: Error | undefined;
    client.on('error', (error: Error) => {
      cause = error;
    });
    // A cluster without a usable node ends without a word from `connect`.
    const ended = new Promise((resolve) => {
      client.on('end', () => {
        lost();
        resolve(new Error('the connection was closed'));
      });
    });
    const failure = await Promise.race([ended, client.connect().catch((error: unknown) => error)]);
    // A password that is refused, or a database that is not there, comes as an event alone, whatever `connect` says.
    if (cause === undefined && failure === undefined) return client;
    client.disconnect();
    throw cause ?? failure;
  } catch (error) {
    lost();
    throw error;
  }
}

/** The library is loaded for whoever uses it only: it takes longer than the rest of the gateway. */
async function created(settings: RedisSettings | RedisClusterSettings): Promise<Client> {
  const { default: ioredis } = await import('ioredis');
  const scripts = Object.fromEntries(
    Object.entries(SCRIPTS).map(([name, lua]) => [name, { lua, numberOfKeys: 1 }]),
  );
  const timeout = settings.redis_timeout;
  const common: RedisOptions = {
    lazyConnect: true,
    enableReadyCheck: false,
    connectTimeout: timeout,
    commandTimeout: timeout,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectionName: 'qbtc-gateway',
  };
  if (settings.redis_password !== undefined && settings.redis_password !== '') {
    common.password = settings.redis_password;
  }
  if ('redis_cluster_nodes' in settings) {
    const tls = settings.redis_cluster_ssl ? { rejectUnauthorized: settings.redis_cluster_ssl_verify } : {};
    const options: ClusterOptions = {
      lazyConnect: true,
      clusterRetryStrategy: () => null,
      redisOptions: { ...common, ...(settings.redis_cluster_ssl ? { tls } : {}) },
      scripts,
    };
    return new ioredis.Cluster(settings.redis_cluster_nodes, options) as Client;
  }
  const { redis_host: host, redis_port: port, redis_database: db, redis_username: username } = settings;
  const name = isIP(host) === 0 ? { servername: host } : {};
  return new ioredis.Redis({
    ...common,
    host,
    port,
    db,
    ...(username === undefined || common.password === undefined ? {} : { username }),
    ...(settings.redis_ssl ? { tls: { rejectUnauthorized: settings.redis_ssl_verify, ...name } } : {}),
    scripts,
  }) as Client;
}

/** As APISIX writes it: what is limited, a colon, the key. */
const keyOf = (limit: string, key: string) => Buffer.from(`${limit}:${key}`, 'latin1');
