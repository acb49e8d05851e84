import type { OutgoingPorts } from '../model/observation.ts';

export const MAX_PORT = 65_535;

/**
 * Ports above 1023 that browsers and `fetch` refuse to speak HTTP to: the "bad ports" of https://fetch.spec.whatwg.org.
 * A gateway on one of them would answer curl and nobody else.
 */
export const REFUSED_BY_FETCH: ReadonlySet<number> = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697,
  10_080,
]);
/** Leaves room for the stack's own ports above it. */
export const MAX_PORT_BASE = 50_000;
export const MAX_REPLICAS = 64;
/** Processes of one gateway. */
export const MAX_WORKERS = 64;

/** The ports that the replicas of a service listen on: `port`, `port + 1`, …. */
export function replicaPorts(port: number, replicas: number): number[] {
  return Array.from({ length: replicas }, (_, index) => port + index);
}

/** A port that something of the stack will listen on, with the port base. */
export interface PortUse {
  port: number;
  /** The field that it comes from as it stands in `qbtc.yaml`: without the base, and that of the first replica. */
  declared: number;
  /** Who listens: `the main port of broker`, `replica 2 of llm-api`. */
  holder: string;
  path: (string | number)[];
}

/** Pairs of uses that want the same port: the later one, and the one that had it first. */
export function portClashes(uses: readonly PortUse[]): { use: PortUse; first: PortUse }[] {
  const firstOf = new Map<number, PortUse>();
  const clashes: { use: PortUse; first: PortUse }[] = [];
  for (const use of uses) {
    const first = firstOf.get(use.port);
    if (first === undefined) firstOf.set(use.port, use);
    else clashes.push({ use, first });
  }
  return clashes;
}

/**
 * Those of the ports that the system may give to an outgoing connection at any moment: who would listen there finds its
 * port taken now and then, by nobody that can be seen for long.
 */
export function amongOutgoing(ports: readonly number[], outgoing: OutgoingPorts | undefined): number[] {
  if (outgoing === undefined) return [];
  const { first, last, reserved } = outgoing;
  return ports.filter(
    (port) =>
      port >= first && port <= last && !reserved.some((range) => port >= range.first && port <= range.last),
  );
}

/** `35432, 35672: this machine gives the ports 32768 to 60999 to outgoing connections` */
export function describeOutgoing(ports: readonly number[], { first, last }: OutgoingPorts): string {
  return `${ports.join(', ')}: this machine gives the ports ${first} to ${last} to outgoing connections`;
}

/** The way out of that, for a stack whose highest port is `highest` without its base. */
export function awayFromOutgoing(highest: number, { first }: OutgoingPorts, command: string): string {
  const room = first - 1 - highest;
  const reserve = 'or keep these ports out of it (Linux: sysctl net.ipv4.ip_local_reserved_ports)';
  return room < 0
    ? reserve.slice(3)
    : `a base up to ${room}: ${command} --port-base ${Math.min(2000, room)}; ${reserve}`;
}
