import type { ResourceKind } from '../../../model/resource.ts';
import type { Provider } from '../../provider.ts';
import { embeddedApisix } from './apisix.ts';
import type { EmbeddedPart } from './part.ts';
import { embeddedPostgres } from './postgres.ts';
import { embeddedRabbitmq } from './rabbitmq.ts';
import { embeddedRedis } from './redis.ts';

const parts: Record<ResourceKind, EmbeddedPart> = {
  rabbitmq: embeddedRabbitmq,
  redis: embeddedRedis,
  postgres: embeddedPostgres,
  apisix: embeddedApisix,
};

/** Parts that speak the real protocols and need nothing but Node. */
export const embedded: Provider = {
  name: 'embedded',
  async offer(_context, stack, resource) {
    const part = parts[resource.kind];
    const reason = await part.unavailable?.(stack, resource);
    if (reason !== undefined) return { available: false, reason };
    return { available: true, reason: part.what, loss: part.loss };
  },
  prepare: async (context, stack, resource) => [await parts[resource.kind].prepare(context, stack, resource)],
};
