import type { Terminal } from '../context.ts';
import type { ResourceObservation } from '../model/observation.ts';
import type { ServiceChoice } from '../model/placement.ts';

/** How a part is that a runtime runs or has run, whatever kind of runtime that is. */
export interface PartStatus {
  /** Of a resource, of an instance of a service (processes), or of a service (containers). */
  name: string;
  /** A companion (a stand-in, a proxy) stands beside this part, and ends with it. */
  partOf?: string;
  /** The ports of this machine that are its own. */
  ports: readonly number[];
  pid: number | undefined;
  /** Whether it is there: then it should answer. */
  lives: boolean;
  /** Set where it does not live, or not yet: what `status` says. */
  state?: Extract<ResourceObservation['state'], 'starting' | 'stopped' | 'crashed'>;
  reason: string;
  restarts: number;
  /** Whether it has been ready before: then not answering is not starting. */
  wasReady: boolean;
}

export interface RemoveOptions {
  /** Whether the data goes, too, where the runtime keeps it. */
  volumes: boolean;
  /** What is being ended. */
  onEnding(names: readonly string[]): void;
  onStopped(name: string): void;
}

/** A line that a part wrote. */
export interface WrittenLine {
  line: string;
  /** ISO 8601, where the runtime knows when it was written. */
  timestamp?: string;
}

/** A place in what a part writes, in the terms of its runtime. Empty: before its first line. */
export type LogMark = string;

export interface WrittenLog {
  lines: WrittenLine[];
  /** Behind the last whole line. */
  end: LogMark;
  /** ISO 8601: when the last line can have been written, for those that have no time of their own. */
  writtenAt?: string;
}

export interface LogOptions {
  /** How many of the last lines; all when left out. */
  tail?: number;
  /**
   * What was written since then (milliseconds since the epoch). A runtime that knows no time of a line answers with what
   * was written since the part was started last.
   */
  since?: number;
  /** Only what the part has written since it was started last. */
  ofThisStart?: boolean;
  /** Without a line whose end is not written yet: `follow` tells it. */
  wholeLines?: boolean;
}

/**
 * What runs parts of a stack: processes of this machine, or containers of an engine. Works from what is there, without a
 * readable `qbtc.yaml`.
 */
export interface Runtime {
  /** How its parts run: it decides how they are looked at from outside. */
  readonly runs: Exclude<ServiceChoice['runs'], 'adopted'>;
  /** Everything of the stack that it runs or has run; of a part that is run several times, each. Changes nothing. */
  list(): Promise<PartStatus[]>;
  /** Ends these parts and their companions, and leaves the rest alone; answers with what it has ended. */
  stop(names: readonly string[]): Promise<string[]>;
  /** What a part has written, oldest first. */
  logs(name: string, options: LogOptions): Promise<WrittenLog>;
  /** Tells each line that a part writes behind the mark, until the signal is aborted. */
  follow(
    name: string,
    from: LogMark,
    onLine: (line: WrittenLine) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** Ends everything, dependants first, and keeps nothing of it; answers with what it has ended. */
  remove(options: RemoveOptions): Promise<{ stopped: string[]; volumes: string[] }>;
  /** Lets go of what it holds to do that. */
  close(): void;
}

export interface StartOptions {
  /** A part that does not run as it is described is about to be started. */
  onStarting(name: string): void;
  /** What happens to a part: its image is pulled, the old one is ended. */
  onProgress(name: string, doing: string): void;
}

/** A runtime that also starts what is declared. `Description` is what it needs to know of a part for that. */
export interface StartingRuntime<Description> extends Runtime {
  /**
   * Sees to it that these parts run as they are described, and leaves alone what does. Does not wait until they are ready.
   *
   * @returns the names of those that were started or started anew
   */
  start(descriptions: readonly Description[], options: StartOptions): Promise<string[]>;
  /** These parts were seen ready as they are now: they are kept so where the runtime can, and remembered as such. */
  keep(names: readonly string[]): Promise<void>;
  /**
   * Runs a command as the part runs: in its folder with its environment, or inside of it.
   *
   * @returns its exit code; 128 and the number of the signal that ended it
   * @throws QbtcError `PROGRAM_MISSING` where there is no such program on this machine
   */
  exec(
    description: Description,
    command: readonly [string, ...string[]],
    terminal: Terminal,
  ): Promise<number>;
}
