import { QbtcError } from '../../errors.ts';
import { KINDS } from '../kinds.ts';
import { findProgram } from '../programs.ts';
import type { Provider } from '../provider.ts';

/** Programs that are installed on this machine, each run for this stack alone: own data, own ports, own credentials. */
export const native: Provider = {
  name: 'native',
  async offer(context, stack, resource) {
    const part = KINDS[resource.kind].native;
    if ('impossible' in part) return { available: false, reason: part.impossible };
    if ('offer' in part) return part.offer(context, stack, resource);
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
    const part = KINDS[resource.kind].native;
    if ('impossible' in part) throw new QbtcError('PROVIDER_MISSING', part.impossible);
    if ('offer' in part) return part.prepare(context, stack, resource);
    const found = await findProgram(context, part.program);
    if ('missing' in found) throw new QbtcError('PROGRAM_MISSING', `${resource.name}: ${found.missing}`);
    return part.prepare(context, stack, resource, found);
  },
};
