import type { EvictionPolicy } from '../../model/cache.ts';
import type { HeldKey, HeldKeys } from './held-keys.ts';

/** Which key goes next; `undefined` where none may. Exact, where Redis takes samples. */
export const VICTIMS: Readonly<Record<EvictionPolicy, (keys: HeldKeys) => HeldKey | undefined>> = {
  noeviction: () => undefined,
  'allkeys-lru': (keys) => keys.leastRecentlyUsed,
  'volatile-lru': (keys) => keys.leastRecentlyUsedVolatile,
  'volatile-ttl': (keys) => keys.soonestToExpire,
};
