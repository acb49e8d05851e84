import type { ResourceKind } from '../model/resource.ts';
import { apisix } from './apisix/index.ts';
import { container } from './container/index.ts';
import type { KindOfResource } from './kind.ts';
import { postgres } from './postgres/index.ts';
import { process } from './process/index.ts';
import { rabbitmq } from './rabbitmq/index.ts';
import { redis } from './redis/index.ts';

export const KINDS: Record<ResourceKind, KindOfResource> = {
  rabbitmq,
  redis,
  postgres,
  apisix,
  process,
  container,
};
