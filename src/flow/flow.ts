import type { PreparedStep, StepKind } from './step-kind.ts';

/** A flow file, read and checked. */
export interface Flow {
  name: string;
  description: string;
  tags: string[];
  /** The deadline of the whole flow in milliseconds. */
  timeout: number;
  /** Stops or restarts parts of the stack: it runs only when it is asked for, and alone. */
  disruptive: boolean;
  /** The file, absolute. */
  file: string;
  taps: Tap[];
  steps: FlowStep[];
}

/** What the flow watches on the broker, through a queue of its own: consumers lose nothing by it. */
export interface Tap {
  exchange: string;
  /** A binding key in the sense of the exchange's type: `llm.*`, `#`. */
  routing_key: string;
}

/** One step with the hop that it proves. */
export interface FlowStep {
  hop: {
    /** The service or resource that is responsible for the hop. */
    subject: string;
    /** What the hop proves, for people. */
    proves: string;
  };
  kind: StepKind;
  /** Names under which later steps find values of this one, each with its JSONPath. */
  capture: Record<string, string>;
  prepared: PreparedStep;
}
