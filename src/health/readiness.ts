import type { Context } from '../context.ts';
import type { ServiceProblem } from '../model/observation.ts';
import type { ReadinessKind, ReadinessOf } from '../model/readiness.ts';
import type { holders, RunAs } from './holder.ts';

/** What asking for readiness reaches of the world. */
export type ReadinessContext = Pick<Context, 'http' | 'host' | 'tcp' | 'amqp' | 'clock'>;

/** An instance of a service, as its readiness is asked for. */
export interface AskedInstance {
  /** The name of the service. */
  name: string;
  /** Where it is reached, without a path; `undefined`: nowhere. */
  url: string | undefined;
  /** How qbtc runs it now. */
  runs: RunAs;
  /** It has been ready since it was started. */
  wasReady: boolean;
  timeoutMs: number;
  holderOf: ReturnType<typeof holders>;
  /** What it has written since it was started. */
  lines(): Promise<readonly string[]>;
  /** Runs a program where the instance runs and as it does; answers with its exit code. */
  run(command: readonly [string, ...string[]]): Promise<number>;
  /** The broker that it consumes from. */
  broker: string | undefined;
}

export type ReadinessAnswer =
  /** With the health document, or what else was found. */
  { ready: true; found: Record<string, unknown> } | { ready: false; reason: string; problem: ServiceProblem };

/** One kind of readiness: a file in `readiness/`, and a line in `readiness-registry.ts`. */
export interface ReadinessProbe<Kind extends ReadinessKind> {
  /** Asks once. An error of what it asks is no answer: whoever calls tells it as the reason. */
  ask(
    context: ReadinessContext,
    readiness: ReadinessOf<Kind>,
    instance: AskedInstance,
  ): Promise<ReadinessAnswer>;
}

/** It runs, and does not show yet what it is asked for. */
export function unready(reason: string): ReadinessAnswer {
  return { ready: false, reason, problem: { kind: 'unready' } };
}

/** Nothing answers. */
export function silent(reason: string): ReadinessAnswer {
  return { ready: false, reason, problem: { kind: 'silent' } };
}
