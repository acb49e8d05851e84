import type { Context } from '../context.ts';
import { EXIT, QbtcError } from '../errors.ts';
import {
  attachSupervisor,
  type Choice,
  checkDisk,
  chooseProviders,
  type InfrastructurePlan,
  isOurs,
  leavingProcesses,
  type SupervisorClient,
  startSupervisor,
  supervisorProgram,
  writeChoices,
} from '../infra/index.ts';
import type { ChangeOutcome } from '../model/plan.ts';
import type { Stack } from '../model/stack.ts';
import { withLock } from './lock.ts';
import { Run, type UpOptions } from './run.ts';

export type { UpOptions } from './run.ts';

export interface UpResult {
  stack: string;
  strategy: InfrastructurePlan['strategy'];
  choices: Choice[];
  /** What was started or started anew by this call, in the order in which it became ready. */
  started: string[];
  /** What ran before and was left alone. */
  kept: string[];
  outcomes: ChangeOutcome[];
  gatewayUrl: string | undefined;
  durationMs: number;
}

/**
 * Brings the stack up: decides who provides what, starts it in the order of its dependencies, applies migrations
 * and topology before the services start and routes after they are healthy. Returns when all is healthy; does
 * nothing where nothing is to do. Interrupted, it takes back what it started.
 *
 * @throws QbtcError with the reason why it cannot, or why something did not become ready
 */
export async function up(context: Context, stack: Stack, options: UpOptions): Promise<UpResult> {
  return withLock(context, stack.root, 'qbtc up', async () => {
    const before = context.clock.monotonic();
    await checkDisk(stack.root);
    const program = supervisorProgram(context);
    const existing = await attachSupervisor(stack.root, program);
    let supervisor = existing;
    let run: Run | undefined;
    try {
      const processes = (await existing?.list()) ?? [];
      const leaving = leavingProcesses(stack, processes);
      const staying = processes.filter((process) => isOurs(process) && !leaving.includes(process));
      const plan = await chooseProviders(
        context,
        stack,
        new Set(staying.map(({ name }) => name)),
        new Set(leaving.flatMap(({ pid }) => pid ?? [])),
      );
      // The last ones to have started may need the first ones.
      for (const { name } of leaving.toReversed()) {
        context.io.progress.step(name, 'ending what is declared otherwise now');
        await existing?.stop(name);
        context.io.progress.done(name, 'ended');
      }
      supervisor ??= await startSupervisor(stack.root, program);
      await writeChoices(stack.root, plan);
      run = new Run(
        context,
        stack,
        options,
        supervisor,
        new Map(staying.map((process) => [process.name, process])),
      );
      await run.everything(plan);
      return {
        stack: stack.name,
        strategy: plan.strategy,
        choices: plan.choices,
        started: run.started,
        kept: run.kept,
        outcomes: run.outcomes,
        gatewayUrl: stack.resources.find(({ kind }) => kind === 'apisix')?.endpoint.url,
        durationMs: context.clock.monotonic() - before,
      };
    } catch (error) {
      // What went wrong is the news; that it could not be cleaned up after is not.
      if (supervisor !== undefined)
        await takeBack(context, supervisor, run?.touched ?? new Set()).catch(() => {});
      if (context.interrupted.aborted) {
        throw new QbtcError('INTERRUPTED', 'interrupted; what this `up` had started was stopped', {
          exit: EXIT.interrupted,
        });
      }
      throw error;
    } finally {
      supervisor?.close();
      context.io.progress.stop();
    }
  });
}

/**
 * Interrupted: stops what this run started. Failed: leaves it, so that it can be looked at. A supervisor that has
 * nothing left to run ends too.
 */
async function takeBack(
  context: Context,
  supervisor: SupervisorClient,
  touched: ReadonlySet<string>,
): Promise<void> {
  if (context.interrupted.aborted) {
    const ours = (await supervisor.list()).filter(({ name }) => touched.has(name));
    await Promise.all(ours.map(({ name }) => supervisor.stop(name)));
  }
  const left = (await supervisor.list()).filter(isOurs);
  if (left.length === 0) return supervisor.shutdown(() => {});
  if (context.interrupted.aborted) return;
  context.io.err(
    `still running, to be looked at: ${left.map(({ name }) => name).join(', ')} (qbtc down ends them)`,
  );
}
