import type { EmbeddedPart } from '../embedded-part.ts';
import { embeddedProgram } from '../embedded-program.ts';

export const embeddedRedis: EmbeddedPart = {
  what: 'js-redis-server, which speaks the Redis protocol',
  loss: 'volatile: what it holds is gone when it stops',
  async prepare(context, stack, resource) {
    const { host, port, password } = resource.endpoint;
    return embeddedProgram(context, stack, resource, 'redis', { host, port, password });
  },
};
