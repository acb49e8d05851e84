import type { ProviderName, ResourceKind } from '../../model/resource.ts';
import { rotatePostgres } from './postgres.ts';
import { rotateRabbitmq } from './rabbitmq.ts';
import { rotateRedis } from './redis.ts';
import type { Rotate } from './rotation.ts';

/**
 * How a server of this kind is told its new password while it runs. `undefined` for one that reads it when it starts:
 * `up` starts it anew. Those keep no user of their own: the embedded broker and cache, and the gateway.
 */
export function rotatorOf(kind: ResourceKind, provider: ProviderName): Rotate | undefined {
  if (kind === 'postgres') return rotatePostgres;
  if (provider === 'embedded') return undefined;
  switch (kind) {
    case 'rabbitmq':
      return rotateRabbitmq;
    case 'redis':
      // A container has it in its environment, and is made anew for it.
      return provider === 'native' ? rotateRedis : undefined;
    case 'apisix':
      return undefined;
  }
}
