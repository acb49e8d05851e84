import type { ListeningSocket } from '../model/observation.ts';

/** A port that something of the stack is to listen on. */
export interface WantedPort {
  port: number;
  /** For people: `broker (management)`. */
  owner: string;
}

export interface PortConflict extends WantedPort {
  holder: ListeningSocket;
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

/** `port 5432 (database) is held by postgres (pid 4242)` */
export function describeConflict({ port, owner, holder, why }: PortConflict): string {
  const program = holder.program ?? 'a process';
  const pid = holder.pid === undefined ? 'of another user' : `pid ${holder.pid}`;
  return `port ${port} (${owner}) is held by ${program} (${pid})${why === undefined ? '' : `; ${why}`}`;
}
