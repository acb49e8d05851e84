import type { EmbeddedPart } from '../embedded-part.ts';
import { embeddedProgram } from '../embedded-program.ts';

/** What a command leaves behind is collected while it is little, which takes no more time: values outlive it anyway. */
const YOUNG_GENERATION = ['--max-semi-space-size=1'];

export const embeddedRedis: EmbeddedPart = {
  what: 'js-redis-server, which speaks the Redis protocol',
  loss: 'volatile: what it holds is gone when it stops',
  async prepare(context, stack, resource) {
    const { endpoint, maxMemoryBytes, eviction } = resource;
    const { host, port, password } = endpoint;
    const spec = embeddedProgram(context, stack, resource, 'redis', {
      ...{ host, port, password },
      ...(maxMemoryBytes === undefined ? {} : { maxMemoryBytes }),
      ...(eviction === undefined ? {} : { eviction }),
    });
    return { ...spec, args: [...YOUNG_GENERATION, ...spec.args] };
  },
};
