import type { Context } from '../context.ts';
import { EXIT, messageOf, QbtcError } from '../errors.ts';
import { runFlows, subjectsOf } from '../flow/index.ts';
import { heal } from '../heal/index.ts';
import type { ExperimentReport, FaultOptions } from '../model/chaos.ts';
import type { FlowResult } from '../model/flow.ts';
import type { HealResult } from '../model/heal.ts';
import type { Stack } from '../model/stack.ts';
import { observeResources } from '../observe/resources.ts';
import type { Experiment } from './experiment.ts';
import { postGuard } from './guard.ts';
import { inject, refuseWhereNotAllowed, undo } from './inject.ts';
import { readJournal } from './journal.ts';
import { isAnswered, Load } from './load.ts';
import { faultNamed } from './name.ts';
import { Timeline } from './timeline.ts';

const LOOK_EVERY_MS = 500;
const RECOVERY_POLL_MS = 500;
/** After the last fault services find their broker again within seconds: so long that is waited for. */
const SETTLED_WITHIN_MS = 10_000;
const HEAL_READY_MS = 30_000;
/** Load goes on for so long after all is well, so that the report shows it. */
const CALM_MS = 2_000;

export interface RunOptions {
  onStep(step: string): void;
}

/**
 * Runs an experiment: is everything normal, what does the load see while it is not, and how does it become normal again?
 * Whatever it does to the stack is undone at its end, and by a guard when it is killed.
 *
 * @throws QbtcError `CHAOS_NOT_ALLOWED`; `NOT_STEADY` when it is not normal to begin with; `FAULT_INJECTED` when a fault
 *   is there already; the reason of an interruption, with everything undone
 */
export async function runExperiment(
  context: Context,
  stack: Stack,
  experiment: Experiment,
  { onStep }: RunOptions,
): Promise<ExperimentReport> {
  refuseWhereNotAllowed(stack);
  const [left] = await readJournal(stack.root);
  if (left !== undefined)
    throw new QbtcError('FAULT_INJECTED', `${left.name} is still injected`, {
      exit: EXIT.usage,
      hint: 'qbtc chaos undo',
    });
  const { clock } = context;
  const begun = clock.monotonic();
  const takenAt = new Date(clock.now()).toISOString();
  onStep('is everything normal?');
  const { before, stray, unwell } = await steady(context, stack, experiment);
  if (stray !== undefined || unwell !== undefined)
    throw new QbtcError(
      'NOT_STEADY',
      stray === undefined
        ? `${unwell} is not well: nothing can be learned from breaking what is broken`
        : `the flow ${stray.name} fails before anything was done: ${stray.stoppedAt?.reason ?? ''}`,
      { exit: EXIT.findings, hint: 'qbtc score, then qbtc heal' },
    );

  const guard = postGuard(context, stack);
  const timeline = new Timeline(context, stack, LOOK_EVERY_MS);
  const load = experiment.load === undefined ? undefined : new Load(context, stack, experiment.load);
  const since = clock.monotonic();
  timeline.start();
  load?.start();
  let faults: ExperimentReport['faults'] = [];
  let recovery: Recovery;
  try {
    faults = await makeTrouble(context, stack, experiment, since, onStep);
    onStep('waiting until all is well again');
    recovery = await recovered(context, stack, experiment);
    if (recovery.afterMs !== undefined) await clock.sleep(CALM_MS, context.interrupted);
  } finally {
    const calm = { ...context, interrupted: new AbortController().signal };
    await undo(calm, stack, []);
    guard.dismiss();
    await load?.stop();
    await timeline.stop();
  }
  context.interrupted.throwIfAborted();
  const [stuck] = await readJournal(stack.root);
  if (stuck !== undefined)
    throw new QbtcError('NOT_UNDONE', `${stuck.name} could not be undone`, { hint: 'qbtc chaos undo' });
  onStep('looking for what was confirmed');
  const lost = await load?.lost();
  const requests = load?.requests ?? [];
  const counted = countRequests(requests, lost?.length);
  const report: Omit<ExperimentReport, 'findings'> = {
    stack: stack.name,
    experiment: experiment.name,
    description: experiment.description,
    takenAt,
    faults,
    steady: before.map(({ name, status }) => ({
      flow: name,
      before: status,
      after: recovery.flows.find((flow) => flow.name === name)?.status ?? 'failed',
    })),
    requests: counted,
    timeline: requests.toSorted((a, b) => a.atMs - b.atMs),
    absences: await timeline.stop(),
    everyMs: LOOK_EVERY_MS,
    ...(recovery.afterMs === undefined ? {} : { recoveredAfterMs: recovery.afterMs }),
    healNeeded: recovery.heal !== undefined,
    ...(recovery.heal === undefined ? {} : { heal: recovery.heal }),
    durationMs: clock.monotonic() - begun,
  };
  return { ...report, findings: findingsOf(report, experiment) };
}

/** The faults, each at its time. Those that are held end at theirs. */
async function makeTrouble(
  context: Context,
  stack: Stack,
  { faults }: Experiment,
  since: number,
  onStep: RunOptions['onStep'],
): Promise<ExperimentReport['faults']> {
  const { clock, interrupted } = context;
  const until = (ms: number) => clock.sleep(Math.max(0, since + ms - clock.monotonic()), interrupted);
  const told: ExperimentReport['faults'] = [];
  // One after another where they overlap: two changes of one stack exclude one another.
  const events = faults
    .flatMap((each) => [
      { at: each.after, each, begins: true },
      ...(each.for === undefined ? [] : [{ at: each.after + each.for, each, begins: false }]),
    ])
    .toSorted((a, b) => a.at - b.at);
  for (const { at, each, begins } of events) {
    await until(at);
    if (begins) {
      onStep(`${each.fault}${each.for === undefined ? '' : ` for ${each.for / 1000} s`}`);
      const fault = await faultNamed(stack, each.fault, optionsOf(each));
      const atMs = clock.monotonic() - since;
      await inject(context, stack, fault);
      told.push({ name: each.fault, atMs, endMs: clock.monotonic() - since });
    } else {
      onStep(`the end of ${each.fault}`);
      const [undone] = await undo(context, stack, [each.fault]);
      if (undone?.status === 'failed') throw new Error(`${each.fault} could not be undone: ${undone.reason}`);
      const entry = told.find(({ name }) => name === each.fault);
      if (entry !== undefined) entry.endMs = clock.monotonic() - since;
    }
  }
  return told;
}

function optionsOf(given: Experiment['faults'][number]): FaultOptions {
  const { latency, jitter, bandwidth, loss, reset, count, key } = given;
  const options = {
    latencyMs: latency,
    jitterMs: jitter,
    bytesPerSecond: bandwidth,
    loss,
    reset,
    count,
    key,
    held: given.for === undefined ? undefined : true,
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

interface Recovery {
  /** Left out where it was not well in time. */
  afterMs?: number;
  flows: FlowResult[];
  heal?: HealResult;
}

async function recovered(context: Context, stack: Stack, experiment: Experiment): Promise<Recovery> {
  const { clock, interrupted } = context;
  const begun = clock.monotonic();
  const { within, heal_after: healAfter } = experiment.recovery;
  let healed: HealResult | undefined;
  let flows: FlowResult[] = [];
  for (;;) {
    if ((await unwellPart(context, stack)) === undefined) {
      flows = await steadyFlows(context, stack, experiment);
      if (flows.every(({ status }) => status === 'passed')) {
        const afterMs = clock.monotonic() - begun;
        return { afterMs, flows, ...(healed === undefined ? {} : { heal: healed }) };
      }
    }
    const elapsed = clock.monotonic() - begun;
    if (elapsed > within) return { flows, ...(healed === undefined ? {} : { heal: healed }) };
    if (healAfter !== undefined && elapsed > healAfter && healed === undefined) {
      const options = { dryRun: false, retry: false, timeoutMs: HEAL_READY_MS };
      // What it leaves undone is shown by the next look.
      healed = await heal(context, stack, options).catch((error: unknown) => {
        interrupted.throwIfAborted();
        context.io.progress.failed('heal', messageOf(error));
        return undefined;
      });
    }
    await clock.sleep(RECOVERY_POLL_MS, interrupted);
  }
}

async function unwellPart(context: Context, stack: Stack): Promise<string | undefined> {
  const { resources } = await observeResources(context, stack);
  return resources.find(({ state }) => state !== 'active')?.name;
}

/** What is not normal, once that no longer changes by itself. */
async function steady(context: Context, stack: Stack, experiment: Experiment) {
  const { clock, interrupted } = context;
  const until = clock.monotonic() + SETTLED_WITHIN_MS;
  for (;;) {
    const before = await steadyFlows(context, stack, experiment);
    const stray = before.find(({ status }) => status === 'failed');
    const unwell = await unwellPart(context, stack);
    if ((stray === undefined && unwell === undefined) || clock.monotonic() >= until)
      return { before, stray, unwell };
    await clock.sleep(RECOVERY_POLL_MS, interrupted);
  }
}

async function steadyFlows(context: Context, stack: Stack, { steady }: Experiment): Promise<FlowResult[]> {
  const subjects = subjectsOf(context, stack);
  if (steady === undefined) return runFlows(context, stack, { subjects, preferred: 'smoke' });
  const results = await Promise.all(steady.map((only) => runFlows(context, stack, { subjects, only })));
  return results.flat();
}

function countRequests(
  requests: ExperimentReport['timeline'],
  lost: number | undefined,
): ExperimentReport['requests'] {
  const answered = requests.filter(isAnswered);
  const refused: Record<string, number> = {};
  for (const { status } of requests.filter((each) => !isAnswered(each)))
    if (status !== undefined) refused[status] = (refused[status] ?? 0) + 1;
  const times = answered.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  const quantile = (share: number) =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return {
    sent: requests.length,
    answered: answered.length,
    refused,
    cutOff: requests.filter(({ status }) => status === undefined).length,
    ...(lost === undefined ? {} : { lost }),
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
  };
}

function findingsOf(report: Omit<ExperimentReport, 'findings'>, { recovery }: Experiment): string[] {
  const { requests, recoveredAfterMs, steady, absences } = report;
  const failed = steady.filter(({ after }) => after === 'failed').map(({ flow }) => flow);
  const away = absences.filter(({ toMs }) => toMs === undefined).map(({ part }) => part);
  return [
    ...((requests.lost ?? 0) > 0 ? [`${requests.lost} requests were confirmed and then lost`] : []),
    ...(recoveredAfterMs === undefined
      ? [`not well within ${recovery.within / 1000} s: ${[...away, ...failed].join(', ') || 'a part of it'}`]
      : []),
  ];
}
