import { reasonOf } from '../errors.ts';
import type { Health } from '../health.ts';
import type { Log } from '../logging.ts';
import type { Cache } from '../redis.ts';
import type { Span } from '../tracing/index.ts';
import { type Change, changesBetween } from './changes.ts';

export { urlOf } from './address.ts';
export type { Change } from './changes.ts';

/** What a service says of itself when it starts. */
export interface Registration {
  name: string;
  /** Unique in the stack: `llm-api@127.0.0.1:8000`. */
  instance: string;
  version: string;
  host: string;
  port: number;
  protocol: 'http' | 'https';
  /** The path of its health document. */
  health: string;
  /** How much of the calls it takes beside others of its name; 1 for an ordinary one. */
  weight: number;
  metadata: Record<string, string>;
}

/** An instance that holds a lease now. */
export interface Instance extends Registration {
  /** As it said with its last heartbeat. */
  status: 'healthy' | 'degraded' | 'unhealthy';
  /** In UTC. */
  registered_at: string;
  /** When it was last heard of, in UTC. */
  beat_at: string;
}

/** A service that was there: it may have no instance any more. */
export interface KnownService {
  name: string;
  instances: Instance[];
  /** Why the last instance went, where it said so. */
  goodbye?: string;
}

export interface RegistryStatistics {
  services: number;
  instances: number;
  healthy: number;
  /** By the name of the service. */
  byService: Record<string, { instances: number; healthy: number; versions: string[] }>;
}

/**
 * The registry that all instances share: leases in Redis, which end by themselves when nobody renews them. Whoever
 * holds one is there; whoever crashed is gone after the time to live.
 */
export interface Registry {
  /** Holds a lease until it is ended; while Redis is away it is taken again as soon as that is back. */
  register(registration: Registration, health: Pick<Health, 'report'>): Lease;
  /** All instances that hold a lease. @throws while Redis is away */
  list(span?: Span): Promise<Instance[]>;
  /** The same by service, with those that were here in the last hour and have no instance now. */
  services(span?: Span): Promise<KnownService[]>;
  /** Tells of changes until it is closed, `everyMs` after they happened at the latest; all that is there is new at first. */
  watch(listener: (changes: Change[]) => void, everyMs?: number): { close(): void };
}

export interface Lease {
  /** Says goodbye: nobody is to call this instance any more. */
  end(reason: string): Promise<void>;
}

export interface RegistryOptions {
  cache: Cache;
  /** Tells the stacks apart that share one Redis. */
  stack: string;
  log: Log;
  /** Milliseconds between two heartbeats. */
  heartbeatMs?: number;
  /** Milliseconds after the last heartbeat until the instance counts as gone. */
  ttlMs?: number;
}

export const HEARTBEAT_MS = 30_000;
export const TTL_MS = 60_000;
const WATCH_MS = 1_000;
/** After a heartbeat that did not arrive. */
const BEAT_AGAIN_MS = 2_000;
/** So many times to live after the last heartbeat an instance leaves the index, too. */
const FORGOTTEN_AFTER = 2;
/** How long a service without an instance is remembered, in milliseconds. */
const REMEMBERED_MS = 3_600_000;

export function createRegistry(options: RegistryOptions): Registry {
  const { cache, log, heartbeatMs = HEARTBEAT_MS, ttlMs = TTL_MS } = options;
  // `LEASES` is only an index, of who was heard of when: a key of its own that expires says whether a lease is held.
  const LEASES = `${options.stack}:registry:leases`;
  const SERVICES = `${options.stack}:registry:services`;
  const leaseKey = (instance: string) => `${options.stack}:registry:lease:${instance}`;

  const list = async (span?: Span): Promise<Instance[]> => {
    const command = cache.commandIn(span);
    const heard = new Map(pairsOf(await command('HGETALL', LEASES)));
    const names = [...heard.keys()].sort();
    if (names.length === 0) return [];
    const held = (await command('MGET', ...names.map(leaseKey))) as (string | null)[];
    // Not at once: a heartbeat may be on its way.
    const longAgo = Date.now() - FORGOTTEN_AFTER * ttlMs;
    const ended = names.filter(
      (name, index) => typeof held[index] !== 'string' && Number(heard.get(name)) < longAgo,
    );
    if (ended.length > 0) await command('HDEL', LEASES, ...ended);
    return held.flatMap((text) => (typeof text === 'string' ? [JSON.parse(text) as Instance] : []));
  };

  const services = async (span?: Span): Promise<KnownService[]> => {
    const command = cache.commandIn(span);
    const [instances, seen] = await Promise.all([list(span), command('HGETALL', SERVICES)]);
    const known = new Map<string, KnownService>();
    const forgotten: string[] = [];
    for (const [name, text] of pairsOf(seen)) {
      const { at, goodbye } = JSON.parse(text) as { at: number; goodbye?: string };
      const present = instances.some((instance) => instance.name === name);
      if (!present && Date.now() - at > REMEMBERED_MS) forgotten.push(name);
      else known.set(name, { name, instances: [], ...(goodbye === undefined || present ? {} : { goodbye }) });
    }
    if (forgotten.length > 0) await command('HDEL', SERVICES, ...forgotten);
    for (const instance of instances) {
      const service = known.get(instance.name) ?? { name: instance.name, instances: [] };
      service.instances.push(instance);
      known.set(instance.name, service);
    }
    return [...known.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  };

  return {
    list,
    services,

    register(registration, health) {
      const registeredAt = new Date().toISOString();
      const { instance, name } = registration;
      let ended = false;
      let said: string | undefined;
      let known = false;
      let soon: NodeJS.Timeout | undefined;
      const beat = async () => {
        if (ended) return;
        clearTimeout(soon);
        try {
          const { status } = await health.report();
          const now = new Date();
          const lease: Instance = {
            ...registration,
            status,
            registered_at: registeredAt,
            beat_at: now.toISOString(),
          };
          if (ended) return;
          await Promise.all([
            cache.command('SET', leaseKey(instance), JSON.stringify(lease), 'PX', ttlMs),
            cache.command('HSET', LEASES, instance, now.getTime()),
            cache.command('HSET', SERVICES, name, JSON.stringify({ at: now.getTime() })),
          ]);
          if (!known) log.info('registered', { instance });
          said = undefined;
          known = true;
        } catch (error) {
          known = false;
          const reason = reasonOf(error);
          if (reason !== said) log.warn('could not renew the lease in the registry', { error: reason });
          said = reason;
          // Not with the next beat: by then the lease may be gone.
          if (!ended) soon = setTimeout(() => void beat(), Math.min(heartbeatMs / 4, BEAT_AGAIN_MS)).unref();
        }
      };
      const timer = setInterval(() => void beat(), heartbeatMs);
      timer.unref();
      cache.onReady(() => void beat());
      return {
        async end(reason) {
          if (ended) return;
          ended = true;
          clearInterval(timer);
          clearTimeout(soon);
          try {
            await Promise.all([
              cache.command('DEL', leaseKey(instance)),
              cache.command('HDEL', LEASES, instance),
              cache.command('HSET', SERVICES, name, JSON.stringify({ at: Date.now(), goodbye: reason })),
            ]);
          } catch (error) {
            log.debug('could not say goodbye to the registry', { error });
          }
        },
      };
    },

    watch(listener, everyMs = WATCH_MS) {
      let before: Instance[] = [];
      let looking = false;
      const look = async () => {
        if (looking) return;
        looking = true;
        try {
          const now = await list();
          const changes = changesBetween(before, now);
          before = now;
          if (changes.length > 0) listener(changes);
        } catch (error) {
          // Nobody is gone only because the registry is.
          log.debug('could not read the registry', { error });
        } finally {
          looking = false;
        }
      };
      const timer = setInterval(() => void look(), everyMs);
      timer.unref();
      void look();
      return { close: () => clearInterval(timer) };
    },
  };
}

/** Counts what `services` gave. An instance that is degraded works. */
export function statisticsOf(services: readonly KnownService[]): RegistryStatistics {
  const working = ({ instances }: KnownService) =>
    instances.filter(({ status }) => status !== 'unhealthy').length;
  const sum = (count: (service: KnownService) => number) =>
    services.reduce((total, service) => total + count(service), 0);
  return {
    services: services.length,
    instances: sum(({ instances }) => instances.length),
    healthy: sum(working),
    byService: Object.fromEntries(
      services.map((service) => [
        service.name,
        {
          instances: service.instances.length,
          healthy: working(service),
          versions: [...new Set(service.instances.map(({ version }) => version))],
        },
      ]),
    ),
  };
}

/** Of the reply to HGETALL, which is a list of names and values in turn. */
function pairsOf(reply: unknown): [string, string][] {
  const texts = Array.isArray(reply) ? reply.map(String) : [];
  return texts.flatMap((name, index) => (index % 2 === 0 ? [[name, texts[index + 1] ?? '']] : []));
}
