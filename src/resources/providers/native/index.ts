import { QbtcError } from '../../../errors.ts';
import type { ResourceKind } from '../../../model/resource.ts';
import { findProgram } from '../../programs.ts';
import type { Provider } from '../../provider.ts';
import type { NativePart } from './part.ts';
import { nativePostgres } from './postgres.ts';
import { nativeRabbitmq } from './rabbitmq.ts';
import { nativeRedis } from './redis.ts';

const parts: Record<ResourceKind, NativePart | { impossible: string }> = {
  rabbitmq: nativeRabbitmq,
  redis: nativeRedis,
  postgres: nativePostgres,
  apisix: { impossible: 'APISIX is not run from an installation: run it yourself and declare it external' },
};

/** Programs that are installed on this machine, each run for this stack alone: own data, own ports, own credentials. */
export const native: Provider = {
  name: 'native',
  async offer(context, stack, resource) {
    const part = parts[resource.kind];
    if ('impossible' in part) return { available: false, reason: part.impossible };
    const found = await findProgram(context, part.program);
    if ('missing' in found) return { available: false, reason: found.missing };
    const unfit = await part.unfit?.(stack, resource, found);
    if (unfit !== undefined) return { available: false, reason: unfit };
    return {
      available: true,
      reason: `${part.what} ${found.version} is installed (${found.path})`,
      loss: '',
    };
  },
  async prepare(context, stack, resource) {
    const part = parts[resource.kind];
    if ('impossible' in part) throw new QbtcError('PROVIDER_MISSING', part.impossible);
    const found = await findProgram(context, part.program);
    if ('missing' in found) throw new QbtcError('PROGRAM_MISSING', `${resource.name}: ${found.missing}`);
    return part.prepare(context, stack, resource, found);
  },
};
