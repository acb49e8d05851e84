import type { Context } from '../context.ts';
import type { HealthAnswer, RunningInstance } from '../health/index.ts';
import type { Address, Condition, Origin, Protocol, SourceName } from '../model/discovery.ts';
import type { Finding } from '../model/finding.ts';
import type { ApisixPlugins } from '../model/gateway.ts';
import type { ReadinessKind } from '../model/readiness.ts';
import type { Stack } from '../model/stack.ts';

/** What discovery reaches of the world. */
export type DiscoveryContext = Pick<
  Context,
  'host' | 'http' | 'tcp' | 'docker' | 'amqp' | 'redis' | 'clock' | 'interrupted' | 'cwd'
>;

/** Where discovery looks, and for whom. */
export interface Scope {
  stack: Stack;
  /** Whose ports are looked at. */
  host: string;
  portRange: { first: number; last: number };
  /** Connects to each port instead of reading the system's table of sockets. */
  scan: boolean;
  /** Words of command lines and folders that make a process worth a look. */
  keywords: readonly string[];
  /**
   * The exit codes of containers that are known to have ended, by the id of the instance: an engine lists them as running
   * for a moment, and to ask them for their health would take as long as it takes to find out that nobody is there.
   */
  ended?: ReadonlyMap<string, number>;
  /** How qbtc runs the declared services. */
  running: readonly RunningInstance[];
  /** What was answered before by what nobody claims, by process and port: a watch asks it once. */
  answered?: Map<string, Answered>;
  /** Called while a long look goes on: `12000 of 65535 ports`. */
  onProgress?: (source: SourceName, doing: string) => void;
}

/** What an address that nobody claims answered. */
export interface Answered {
  address: Address;
  protocol: Protocol;
  health: HealthAnswer | undefined;
}

/** That somebody says of what was seen: it is this service. */
export interface Claim {
  name: string;
  origin: Exclude<Origin, 'guessed'>;
  /** Two claims to one name are good when they are of the same kin: replicas, not rivals. */
  kin: string;
  /** When it began, in seconds since the epoch; of two rivals the older one keeps the name. */
  since?: number;
  /** How the instance calls itself. */
  instance?: string;
  version?: string;
  weight?: number;
  /** The path that it wants at the gateway. */
  path?: string;
  /** The routes that `qbtc.yaml` declares; empty for none. */
  uris?: string[];
  /** The path of its health document. */
  health?: string;
  /** Its readiness is none of HTTP, so that no health document is asked for. */
  readiness?: ReadinessKind;
  plugins?: ApisixPlugins;
  /** Why it gets no route: a label that is wrong. */
  refused?: string;
}

/** Something that one source has seen. What belongs together is found out later (`join.ts`). */
export interface Sighting {
  source: SourceName;
  /** What was seen, for people. Holds no argument of a command line. */
  found: string;
  claim?: Claim;
  /** The name that it would have, where nobody claims one. */
  guess?: string;
  address?: Address;
  pid?: number;
  program?: string;
  /** The id of its container, whole. */
  container?: string;
  /** What is known to speak there. */
  protocol?: Protocol;
  /** A resource of the stack: no service, whatever it answers. */
  resource?: boolean;
  /** What its container says of it. */
  condition?: Condition;
  reason?: string;
}

export interface Sightings {
  sightings: Sighting[];
  /** What is wrong with what was seen. */
  findings?: Finding[];
}

/** One way to see what runs: a file in `sources/`, and a line in `source-registry.ts`. */
export interface Source {
  /** Why this source cannot see anything on this machine or in this stack; `undefined` when it can. */
  absent(context: DiscoveryContext, scope: Scope): Promise<string | undefined>;
  /** @throws QbtcError why what is there cannot be read */
  look(context: DiscoveryContext, scope: Scope): Promise<Sightings>;
  /**
   * Tells of changes until the signal is aborted. Resolves or rejects when it cannot see any more: the caller starts it
   * again. `onReady` is called once nothing can be missed any more, before anything is listed. Left out: it is only
   * looked at when others tell of changes, and at each resync.
   */
  watch?(
    context: DiscoveryContext,
    scope: Scope,
    listener: { onReady(): void; onChange(change?: SourceChange): void },
    signal: AbortSignal,
  ): Promise<void>;
}

/** What a source knows of a change beyond the fact: how an instance is ending. */
export interface SourceChange {
  /** The id of an instance. */
  instance: string;
  /** `stopping`: somebody has asked it to end. */
  what: 'stopping' | 'ended' | 'started';
  /** Of one that has ended. */
  exitCode?: number;
}
