import { join } from 'node:path';
import type { Context } from '../../context.ts';
import type { Resource } from '../../model/resource.ts';
import type { Stack } from '../../model/stack.ts';
import type { ProcessSpec } from '../../runtimes/processes/protocol.ts';
import { stackFolders } from '../../state/folders.ts';
import { embeddedProgram } from '../embedded-program.ts';

/** The process that stands in for a gateway: a companion of it, which ends when the gateway is stopped. */
export function fallbackName(gateway: string): string {
  return `${gateway}-fallback`;
}

export interface FallbackGateway {
  spec: ProcessSpec;
  /** The gateway as it is reached there, to write routes to. */
  resource: Resource;
}

/**
 * The embedded gateway in the place of one that stays down: on the fallback port, and with `ownPorts` on the gateway's
 * own ports, too, so that clients go on unchanged.
 */
export function fallbackGateway(
  context: Pick<Context, 'env' | 'installation'>,
  stack: Stack,
  gateway: Resource,
  { ownPorts }: { ownPorts: boolean },
): FallbackGateway {
  const { fallbackPort } = stack.heal;
  const name = fallbackName(gateway.name);
  const ownAdmin = gateway.ports.admin;
  const adminPort = ownPorts && ownAdmin !== undefined ? ownAdmin : fallbackPort - 1;
  const { host, port, adminKey = '' } = gateway.endpoint;
  const resource: Resource = {
    name,
    kind: 'apisix',
    ports: { main: fallbackPort, admin: adminPort },
    endpoint: {
      url: `http://${host}:${fallbackPort}`,
      host,
      port: fallbackPort,
      managementUrl: `http://127.0.0.1:${adminPort}`,
      adminKey,
    },
  };
  const spec = embeddedProgram(context, stack, resource, 'gateway', {
    host,
    port: fallbackPort,
    adminPort,
    adminKey,
    fallback: true,
    // Started again after a crash it must know its routes.
    dataFolder: join(stackFolders(stack.root).data, name),
    alsoPorts: ownPorts ? [port] : [],
    ...(ownPorts && gateway.ports.tls !== undefined ? { tlsPort: gateway.ports.tls } : {}),
  });
  return { resource, spec: { ...spec, partOf: gateway.name } };
}
