import type { LogLine } from './log.ts';

/** One hop of a flow as it was seen, in the order in which the flow names them. */
export interface HopResult {
  /** What the hop proves, for people: `llm-api published llm_request`. */
  name: string;
  /** The service or resource that is responsible for it. */
  subject: string;
  /** `not-reached`: nothing shows that it was passed, and it is not the one to blame. */
  status: 'passed' | 'failed' | 'not-reached';
  /**
   * Milliseconds from the start of the flow until the hop was seen; `undefined` when it was not, or when what shows it
   * (the answer at the end) came only after a later hop.
   */
  atMs?: number;
  /** What was seen, or what was seen last instead. */
  evidence: string;
  /** What was seen in full where it is not as expected, within bounds: the body of an answer, the output of a program. */
  details?: string[];
  /** The command that sends the request of this hop by hand. */
  curl?: string;
}

export interface FlowResult {
  name: string;
  file: string;
  status: 'passed' | 'failed';
  correlationId: string;
  durationMs: number;
  /** Which of several runs of the flow it is, from 1; left out where it ran once. */
  run?: number;
  hops: HopResult[];
  /** The first hop that was not seen, with what the stack has logged about this run of the flow. */
  stoppedAt?: { hop: number; name: string; subject: string; reason: string; logLines: LogLine[] };
}
