import { existsSync } from 'node:fs';
import { amongOutgoing, MAX_PORT, REFUSED_BY_FETCH } from '../config/ports.ts';
import { portsOfInstance } from '../config/service-address.ts';
import type { Context } from '../context.ts';
import { QbtcError } from '../errors.ts';
import type { ListeningSocket } from '../model/observation.ts';
import type { Stack } from '../model/stack.ts';
import { carriersOfAnyStack } from '../runtimes/processes/carried.ts';
import { instancesOf } from '../services/service.ts';
import { ownerOfData } from '../state/index.ts';
import { describeConflict, type Owner, type PortConflict } from './ports.ts';
import { stackContainers } from './stack-containers.ts';

const STEP = 1_000;

/** What is said of ports that somebody holds: whose they are, and the ways out. */
export async function portsTaken(
  context: Context,
  stack: Stack,
  found: readonly PortConflict[],
  sockets: readonly ListeningSocket[],
): Promise<QbtcError> {
  const conflicts = await named(context, found);
  const roots = new Set(conflicts.flatMap(({ of }) => of?.root ?? []));
  const ends = [...roots].map((root) =>
    root === stack.root
      ? 'end what is left of this stack: qbtc down'
      : existsSync(root)
        ? `end that stack: cd "${root}" && qbtc down`
        : `end what is left of that stack, whose folder is gone: its processes, by their pids`,
  );
  const base = await freeBase(context, stack, sockets);
  const own =
    base === undefined
      ? 'give the stack other ports: qbtc up --port-base N'
      : `give this checkout ports of its own, which it keeps: qbtc up --port-base ${base}`;
  return new QbtcError('PORT_TAKEN', 'not all ports of the stack are free', {
    details: conflicts.map(describeConflict),
    hint: [...(ends.length === 0 ? ['end the process'] : ends), own].join('; or '),
  });
}

/** Each conflict with the stack of the holder, where it is one of qbtc's. */
async function named(context: Context, conflicts: readonly PortConflict[]): Promise<PortConflict[]> {
  const [carriers, published, folders] = await Promise.all([
    carriersOfAnyStack(context.host),
    publishedPorts(context),
    dataFolders(context),
  ]);
  return conflicts.map((conflict) => {
    const { pid, port } = conflict.holder;
    const carried = pid === undefined ? undefined : carriers.get(pid);
    const of = carried ?? (pid === undefined ? undefined : folders.get(pid)) ?? published.get(port);
    return of === undefined ? conflict : { ...conflict, of };
  });
}

/** Redis writes over its environment: the folder that it works in tells. */
async function dataFolders({ host }: Pick<Context, 'host'>): Promise<Map<number, Owner>> {
  const processes = await host.processes().catch(() => []);
  return new Map(
    processes.flatMap(({ pid, cwd }) => {
      const owner = cwd === undefined ? undefined : ownerOfData(cwd);
      return owner === undefined ? [] : [[pid, { root: owner.root }] as const];
    }),
  );
}

/** The ports of containers that a stack has made. */
async function publishedPorts(context: Pick<Context, 'docker'>): Promise<Map<number, Owner>> {
  const containers = await stackContainers(context);
  return new Map(
    containers.flatMap(({ ports, service: _, ...owner }) => ports.map((port) => [port, owner] as const)),
  );
}

/** The first base at which nobody listens now, and that the machine gives to nobody else. */
async function freeBase(
  { host }: Pick<Context, 'host'>,
  stack: Stack,
  sockets: readonly ListeningSocket[],
): Promise<number | undefined> {
  const outgoing = await host.outgoingPorts().catch(() => undefined);
  const taken = new Set(sockets.map(({ port }) => port));
  const own = [
    ...stack.resources.flatMap(({ ports }) => Object.values(ports)),
    ...stack.services.flatMap(instancesOf).flatMap(portsOfInstance),
  ].map((port) => port - stack.portBase);
  for (let base = 0; base + Math.max(0, ...own) <= MAX_PORT; base += STEP) {
    const ports = own.map((port) => port + base);
    const usable = ports.every((port) => port > 0 && !taken.has(port) && !REFUSED_BY_FETCH.has(port));
    if (usable && amongOutgoing(ports, outgoing).length === 0) return base;
  }
  return undefined;
}
