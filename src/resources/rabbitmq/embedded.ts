import { join } from 'node:path';
import { stackFolders } from '../../state/folders.ts';
import type { EmbeddedPart } from '../embedded-part.ts';
import { embeddedProgram } from '../embedded-program.ts';

export const embeddedRabbitmq: EmbeddedPart = {
  what: "qbtc's own broker, which speaks AMQP 0-9-1",
  loss: 'one node, without streams; transient messages are gone when it stops, as in RabbitMQ',
  async prepare(context, stack, resource) {
    const { host, port, user, password, vhost } = resource.endpoint;
    return embeddedProgram(context, stack, resource, 'broker', {
      host,
      port,
      managementPort: resource.ports.management,
      // Any free one: the management API lists it among its listeners, as RabbitMQ does.
      metricsPort: 0,
      user,
      password,
      vhost,
      dataFolder: join(stackFolders(stack.root).data, resource.name),
    });
  },
};
