import { join } from 'node:path';
import { readChoices } from '../../state/choices.ts';
import { stackFolders } from '../../state/folders.ts';
import type { EmbeddedPart } from '../embedded-part.ts';
import { embeddedProgram } from '../embedded-program.ts';

export const embeddedApisix: EmbeddedPart = {
  what: "qbtc's own gateway, which speaks APISIX's Admin API",
  loss: 'the plugins that it does not have are refused',
  async prepare(context, stack, resource) {
    const { host, port, adminKey } = resource.endpoint;
    const plan = await readChoices(stack.root);
    const choice = plan?.choices.find((each) => each.resource === resource.name);
    return embeddedProgram(context, stack, resource, 'gateway', {
      host,
      port,
      adminPort: resource.ports.admin,
      ...(resource.ports.tls === undefined ? {} : { tlsPort: resource.ports.tls }),
      adminKey,
      ...(resource.workers === undefined ? {} : { workers: resource.workers }),
      // Each answer says so then.
      ...(choice?.standsIn === true ? { fallback: true } : {}),
      dataFolder: join(stackFolders(stack.root).data, resource.name),
    });
  },
};
