import type { Context } from '../../../context.ts';
import type { Resource, ResourceKind } from '../../../model/resource.ts';
import type { Stack } from '../../../model/stack.ts';
import type { Provider } from '../../provider.ts';
import type { ProcessSpec } from '../../supervision/protocol.ts';
import { embeddedApisix } from './apisix.ts';
import { embeddedPostgres } from './postgres.ts';
import { embeddedRabbitmq } from './rabbitmq.ts';
import { embeddedRedis } from './redis.ts';

/** How one kind of resource is provided by what `npm ci` brought. */
export interface EmbeddedPart {
  /** What it is, for the plan. */
  what: string;
  /** What is lost against the real server; empty when it is the real server. */
  loss: string;
  /** Why it cannot run on this machine; `undefined` when it can. */
  unavailable?(context: Context): Promise<string | undefined>;
  prepare(context: Context, stack: Stack, resource: Resource): Promise<ProcessSpec>;
}

const parts: Record<ResourceKind, EmbeddedPart> = {
  rabbitmq: embeddedRabbitmq,
  redis: embeddedRedis,
  postgres: embeddedPostgres,
  apisix: embeddedApisix,
};

/** Parts that speak the real protocols and need nothing but Node. */
export const embedded: Provider = {
  name: 'embedded',
  async offer(context, _stack, resource) {
    const part = parts[resource.kind];
    const reason = await part.unavailable?.(context);
    if (reason !== undefined) return { available: false, reason };
    return { available: true, reason: part.what, loss: part.loss };
  },
  prepare: (context, stack, resource) => parts[resource.kind].prepare(context, stack, resource),
};
