import { availableParallelism } from 'node:os';
import { nearest } from '../config/mistake.ts';
import { EXIT, QbtcError } from '../errors.ts';
import type { FlowResult } from '../model/flow.ts';
import type { Stack } from '../model/stack.ts';
import { mapConcurrently } from '../reconcile/map-concurrently.ts';
import type { Flow } from './flow.ts';
import { loadFlows } from './load.ts';
import { type RunFlowOptions, runFlow } from './run-flow.ts';
import type { FlowContext } from './step-kind.ts';

/**
 * Flows run side by side, as each watches its own correlation id alone: on as many cores as there are, but one, which is
 * left to what they ask. On a machine that is busy each of them would wait for the others, and none within its time.
 */
const MOST_AT_THE_SAME_TIME = 4;
export const atTheSameTime = (cores = availableParallelism()): number =>
  Math.max(1, Math.min(MOST_AT_THE_SAME_TIME, cores - 1));

export interface RunFlowsOptions extends RunFlowOptions {
  /** Only the flow of this name. */
  only?: string | undefined;
  /** Only flows with this tag. */
  tag?: string | undefined;
  /** Only flows with this tag, in a stack that has any. */
  preferred?: string | undefined;
  /** Also flows that stop or restart parts; `only` always may name one. */
  disruptive?: boolean | undefined;
  /** How many flows run at the same time; what the cores of the machine allow when left out. */
  parallel?: number | undefined;
  /** How often each flow runs; once when left out. */
  repeat?: number | undefined;
  /** Starts no further flow after one has failed. */
  bail?: boolean | undefined;
  /** Told at the end how many runs `bail` left out. */
  onLeft?: ((count: number) => void) | undefined;
}

/**
 * Runs the flows of the stack.
 *
 * @returns one result for each run of each flow, all flows once before any a second time; without those that `bail` left
 *   out
 * @throws QbtcError `FLOW_INVALID`, `FLOW_UNKNOWN`; the reason of an interruption
 */
export async function runFlows(
  context: FlowContext,
  stack: Stack,
  options: RunFlowsOptions,
): Promise<FlowResult[]> {
  const chosen = choose(await loadFlows(stack), options);
  const { repeat = 1, bail = false, parallel = atTheSameTime() } = options;
  const runs = Array.from({ length: repeat }, (_, index) => index + 1).flatMap((run) =>
    chosen.map((flow) => ({ flow, run })),
  );
  let failed = false;
  const runOne = async ({ flow, run }: (typeof runs)[number]) => {
    if (bail && failed) return undefined;
    const result = await runFlow(context, stack, flow, options);
    failed ||= result.status === 'failed';
    return repeat === 1 ? result : { ...result, run };
  };
  const peaceful = runs.filter(({ flow }) => !flow.disruptive);
  const results = await mapConcurrently(peaceful, parallel, runOne);
  // What a part is stopped under would fail for no fault of its own.
  for (const each of runs) if (each.flow.disruptive) results.push(await runOne(each));
  const told = results.filter((result) => result !== undefined);
  options.onLeft?.(runs.length - told.length);
  return told;
}

function choose(flows: Flow[], { only, tag, preferred, disruptive = false }: RunFlowsOptions): Flow[] {
  const names = flows.map((flow) => flow.name);
  if (only !== undefined && !names.includes(only)) {
    throw unknown(`no flow is named "${only}"`, only, names);
  }
  const tags = [...new Set(flows.flatMap((flow) => flow.tags))];
  if (tag !== undefined && !tags.includes(tag)) throw unknown(`no flow has the tag "${tag}"`, tag, tags);
  const wanted = tag ?? (tags.includes(preferred ?? '') ? preferred : undefined);
  const chosen = flows.filter(
    (flow) =>
      (only === undefined ? disruptive || !flow.disruptive : flow.name === only) &&
      (wanted === undefined || flow.tags.includes(wanted)),
  );
  if (chosen.length === 0 && only !== undefined && tag !== undefined) {
    const its = flows.find((flow) => flow.name === only)?.tags ?? [];
    throw unknown(`the flow "${only}" does not have the tag "${tag}"`, tag, its);
  }
  return chosen;
}

function unknown(message: string, word: string, known: string[]): QbtcError {
  const near = nearest(word, known);
  const meant = near === undefined ? '' : `did you mean "${near}"? `;
  return new QbtcError('FLOW_UNKNOWN', message, {
    exit: EXIT.usage,
    hint: `${meant}known: ${known.join(', ') || 'none'}`,
  });
}
