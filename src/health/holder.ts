import type { Host } from '../context.ts';
import type { ListeningSocket } from '../model/observation.ts';
import { belongsTo } from './family.ts';

/**
 * How qbtc runs something: as a process (whose id it may not know) and with companions that stand before it, such as the
 * proxy of a fault; in a container. `adopted`: somebody else runs it where the stack says. `undefined`: it does not run.
 */
export type RunAs =
  | { pid: number | undefined; companions?: readonly number[] }
  | 'container'
  | 'adopted'
  | undefined;

/** An instance of a declared service, and how qbtc runs it. */
export interface RunningInstance {
  /** The name of the instance. */
  name: string;
  service: string;
  port: number | undefined;
  runs: RunAs;
  /** It has been ready since it was started: not answering is no longer starting. */
  isReady: boolean;
  /** How a process of ours has ended, where it has. */
  ended?: { condition: 'restarting' | 'crashed' | 'stopped'; reason: string };
}

/** Who holds the port of something that qbtc runs, or should run. */
export interface Holder {
  /**
   * `ours`: its process, one that this has started, or its container. `another`: it runs, and somebody else holds its
   * port. `unseen`: it runs, and who holds its port cannot be seen. `unrun`: qbtc does not run it.
   */
  whose: 'ours' | 'another' | 'unseen' | 'unrun';
  /** Where they can be seen. */
  pid?: number;
  program?: string;
}

/** Who can answer at 127.0.0.1, the nearest first. */
const NEAREST: readonly ReadonlySet<string>[] = [
  new Set(['127.0.0.1', '::ffff:127.0.0.1', 'localhost']),
  new Set(['0.0.0.0', '::', '*']),
];

/** Whether what listens at this address is reached at 127.0.0.1. */
export function isReachedHere(host: string): boolean {
  return NEAREST.some((hosts) => hosts.has(host));
}

/** The same host, whose table of sockets is read when it is first needed, and once. */
export function withOneTable<Of extends Pick<Host, 'listeningSockets'>>(host: Of): Of {
  let table: Promise<ListeningSocket[]> | undefined;
  return {
    ...host,
    listeningSockets() {
      table ??= host.listeningSockets();
      return table;
    },
  };
}

/** Who holds ports of this machine. The table of sockets is read when it is first needed, and once. */
export function holders(
  host: Pick<Host, 'listeningSockets' | 'processFamily'>,
): (port: number, runs: RunAs) => Promise<Holder> {
  const { listeningSockets } = withOneTable(host);
  return async (port, runs) => {
    // The port of a container is held by its engine, or by nobody: that it runs and publishes it is what tells. What is
    // adopted is what answers at its url.
    if (runs === 'container' || runs === 'adopted') return { whose: 'ours' };
    return holderAmong(host, await listeningSockets().catch(() => []), port, runs);
  };
}

async function holderAmong(
  host: Pick<Host, 'processFamily'>,
  sockets: readonly ListeningSocket[],
  port: number,
  runs: Exclude<RunAs, string>,
): Promise<Holder> {
  const all = sockets.filter((socket) => socket.port === port);
  const near = NEAREST.map((hosts) => all.filter(({ host: at }) => hosts.has(at))).find(
    ({ length }) => length > 0,
  );
  const candidates = near ?? all;
  const seen = candidates.filter(({ pid }) => pid !== undefined);
  const [first] = seen;
  const named = ({ pid, program }: Partial<ListeningSocket> = {}) => ({
    ...(pid === undefined ? {} : { pid }),
    ...(program === undefined ? {} : { program }),
  });
  if (runs === undefined) return { whose: 'unrun', ...named(first) };
  const { pid: leader, companions = [] } = runs;
  if (leader === undefined || first === undefined) return { whose: 'unseen', ...named(first) };
  for (const socket of seen)
    for (const ours of [leader, ...companions])
      if (socket.pid !== undefined && (await belongsTo(host, socket.pid, ours)))
        return { whose: 'ours', ...named(socket) };
  return { whose: 'another', ...named(first) };
}

/** For people: `python3 (pid 77)`. */
export function holderText({ pid, program }: Pick<Holder, 'pid' | 'program'>): string {
  const name = program ?? 'a process';
  return pid === undefined ? `${name} of another user` : `${name} (pid ${pid})`;
}
