import type { ResourceObservation } from '../model/observation.ts';

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

/** What runs parts of a stack: processes of this machine, or containers of an engine. */
export interface Runtime {
  /** Everything of the stack that it runs or has run. Changes nothing. */
  list(): Promise<PartStatus[]>;
  /** Ends these parts and their companions, and leaves the rest alone; answers with what it has ended. */
  stop(names: readonly string[]): Promise<string[]>;
  /** Ends everything, dependants first, and keeps nothing of it; answers with what it has ended. */
  remove(options: RemoveOptions): Promise<{ stopped: string[]; volumes: string[] }>;
  /** Lets go of what it holds to do that. */
  close(): void;
}
