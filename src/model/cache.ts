/** What a cache does whose memory is used up, as Redis names it; one line in `embedded/redis/eviction-policies.ts` each. */
export const EVICTION_POLICIES = ['noeviction', 'allkeys-lru', 'volatile-lru', 'volatile-ttl'] as const;
export type EvictionPolicy = (typeof EVICTION_POLICIES)[number];

/** Some forty thousand answers of a model. */
export const DEFAULT_MAX_MEMORY = '64mb';
/** What has no expiry is never dropped: leases and locks of others may be without one. */
export const DEFAULT_EVICTION: EvictionPolicy = 'volatile-lru';
