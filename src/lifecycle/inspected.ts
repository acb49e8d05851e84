import { EXIT, QbtcError } from '../errors.ts';
import type { Service, Stack } from '../model/stack.ts';
import { chooseParts } from './named.ts';

/** The first instance of a service to which a debugger may attach, and the port of this machine that it does so at. */
export interface Inspected {
  service: string;
  port: number;
}

/**
 * The stack with a service that lets a debugger in. Node knows how: the service has an entry, or a command that begins with
 * node.
 *
 * @throws QbtcError `NAME_UNKNOWN`; `NOT_INSPECTABLE` where something else runs the service
 */
export function withInspected(stack: Stack, wanted: Inspected | undefined): Stack {
  if (wanted === undefined) return stack;
  chooseParts(stack, [wanted.service]);
  const found = stack.services.find(({ name }) => name === wanted.service);
  if (found === undefined || !isRunByNode(found))
    throw new QbtcError(
      'NOT_INSPECTABLE',
      `${wanted.service} is not run by Node: how it is debugged is its own`,
      {
        exit: EXIT.usage,
        hint: `qbtc stop ${wanted.service}, and run it with its own debugger: qbtc exec ${wanted.service} -- PROGRAM`,
      },
    );
  const services = stack.services.map((service) =>
    service === found ? { ...service, inspectPort: wanted.port } : service,
  );
  return { ...stack, services };
}

function isRunByNode({ url, entry, command }: Service): boolean {
  return url === undefined && (entry !== undefined || command?.[0] === 'node');
}
