import type { Context } from '../context.ts';
import type { RunAs } from '../health/index.ts';
import type { ProbeResult } from '../resources/index.ts';

/** A resource or an instance of a service, as it is started. */
export interface Part {
  name: string;
  /** Asks whether it answers, given how it runs, and whether it has been ready since it was started. */
  probe: (runs: RunAs, wasReady?: boolean) => Promise<ProbeResult>;
  /** What is known of why it is silent, given how it runs, and what to do about that. */
  whySilent?: (runs: RunAs) => Promise<{ reason: string; hint: string } | undefined>;
  /** What the user can do when it is there but refuses us, or answers as somebody else. */
  refusedHint: string;
}

/** What all parts of one run have in common. */
export interface Running {
  context: Context;
  root: string;
  /** How long each part may take until it is ready. */
  timeoutMs: number;
  parts: Parts;
}

/** What became of the parts. */
export class Parts {
  /** In the order in which they became ready. */
  readonly started: string[] = [];
  readonly kept: string[] = [];
}
