import { amongOutgoing, awayFromOutgoing, describeOutgoing } from '../config/ports.ts';
import { portsOfInstance } from '../config/service-address.ts';
import type { Context } from '../context.ts';
import type { Stack } from '../model/stack.ts';
import { instancesOf } from './service.ts';

/**
 * What is to be said of ports of the stack that the machine gives to outgoing connections, and the way out; `undefined`
 * where there are none.
 */
export async function outgoingPorts(
  { host }: Pick<Context, 'host'>,
  stack: Stack,
): Promise<{ found: string; fix: string } | undefined> {
  const outgoing = await host.outgoingPorts().catch(() => undefined);
  if (outgoing === undefined) return undefined;
  const ports = [
    ...stack.resources.flatMap((resource) => Object.values(resource.ports)),
    ...stack.services.flatMap(instancesOf).flatMap(portsOfInstance),
  ];
  const given = amongOutgoing(ports, outgoing).sort((a, b) => a - b);
  if (given.length === 0) return undefined;
  return {
    found: `a part may find its port taken at ${describeOutgoing(given, outgoing)}`,
    fix: awayFromOutgoing(Math.max(...ports) - stack.portBase, outgoing, 'qbtc up'),
  };
}
