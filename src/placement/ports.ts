import type { ListeningSocket } from '../model/observation.ts';

/** A port that something of the stack is to listen on. */
export interface WantedPort {
  port: number;
  /** For people: `broker (management)`. */
  owner: string;
}

/** The stack whose a process or a container is, and the part of it that it is, as far as it tells. */
export interface Owner {
  root?: string;
  stack?: string;
  part?: string;
}

export interface PortConflict extends WantedPort {
  holder: ListeningSocket;
  /** Set where a stack of qbtc holds it. */
  of?: Owner;
  /** Why what holds it could not be adopted, where that was tried. */
  why?: string;
}

/** Addresses on which a listener stands in the way of one on 127.0.0.1. */
const IN_THE_WAY = new Set(['127.0.0.1', '0.0.0.0', '::', '*']);

/** The wanted ports that somebody holds. */
export function portConflicts(
  wanted: readonly WantedPort[],
  sockets: readonly ListeningSocket[],
): PortConflict[] {
  return wanted.flatMap((want) => {
    const holder = sockets.find(({ host, port }) => port === want.port && IN_THE_WAY.has(host));
    return holder === undefined ? [] : [{ ...want, holder }];
  });
}

/** `port 5432 (database) is held by postgres (pid 4242), database of the stack acme in /home/jo/acme` */
export function describeConflict({ port, owner, holder, of, why }: PortConflict): string {
  const program = holder.program ?? 'a process';
  const pid = holder.pid === undefined ? 'of another user' : `pid ${holder.pid}`;
  const whose = of === undefined ? '' : `, ${describeOwner(of)}`;
  return `port ${port} (${owner}) is held by ${program} (${pid})${whose}${why === undefined ? '' : `; ${why}`}`;
}

function describeOwner({ part, stack, root }: Owner): string {
  const name = stack === undefined ? 'a stack' : `the stack ${stack}`;
  return `${part === undefined ? '' : `${part} of `}${name}${root === undefined ? '' : ` in ${root}`}`;
}
