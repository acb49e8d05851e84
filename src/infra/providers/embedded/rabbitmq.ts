import type { EmbeddedPart } from './part.ts';
import { embeddedProgram } from './program.ts';

export const embeddedRabbitmq: EmbeddedPart = {
  what: "qbtc's own broker, which speaks AMQP 0-9-1",
  loss: 'one node; messages and queues are gone when it stops (`up` declares the topology anew)',
  async prepare(context, stack, resource) {
    const { host, port, user, password, vhost } = resource.endpoint;
    return embeddedProgram(context, stack, resource, 'broker', {
      host,
      port,
      managementPort: resource.ports.management,
      user,
      password,
      vhost,
    });
  },
};
