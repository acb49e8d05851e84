import type { ResourceKind } from '../../model/resource.ts';
import type { Probe } from '../probe.ts';
import { probeApisix } from './apisix.ts';
import { probePostgres } from './postgres.ts';
import { probeRabbitmq } from './rabbitmq.ts';
import { probeRedis } from './redis.ts';

export const probes: Record<ResourceKind, Probe> = {
  rabbitmq: probeRabbitmq,
  redis: probeRedis,
  postgres: probePostgres,
  apisix: probeApisix,
};
