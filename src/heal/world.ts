import { join } from 'node:path';
import { brokerAccess } from '../broker/access.ts';
import { onBroker } from '../broker/connection.ts';
import type { Context } from '../context.ts';
import { replayDeadLetters } from '../events/index.ts';
import { takeScore } from '../lifecycle/score.ts';
import type { DeadLetter } from '../model/event.ts';
import type { ListeningSocket, RunningProcess, Snapshot } from '../model/observation.ts';
import type { Score } from '../model/score.ts';
import type { Stack } from '../model/stack.ts';
import { observeResources } from '../observe/resources.ts';
import { resourceOfKind } from '../resources/facts.ts';
import { stateFolder } from '../state/index.ts';
import { deadLetterQueues, desiredOf } from '../topology/index.ts';

/** Who listens at a port of a part that does not run. */
export interface PortHolder {
  part: string;
  port: number;
  pid: number | undefined;
  program: string;
  /** Whether it is left over from this stack: then it may be ended. */
  ours: boolean;
}

/** What heal goes by: the one snapshot that the score judges, and what only heal asks for. */
export interface World {
  snapshot: Snapshot;
  score: Score;
  holders: PortHolder[];
  deadLetters: { queue: string; letters: DeadLetter[] }[];
}

/** How many dead letters of a queue are looked at. */
const LETTERS = 200;

/**
 * Takes the snapshot, and looks at ports and dead letters where it gives a reason to.
 *
 * @param flows flows take their whole time where a part is away: between two repairs they run only when none is
 */
export async function lookAtWorld(
  context: Context,
  stack: Stack,
  flows: 'always' | 'when well',
): Promise<World> {
  const run = flows === 'always' || (await everyPartIsWell(context, stack));
  const { snapshot, score } = await takeScore(context, stack, { flows: run });
  const [holders, deadLetters] = await Promise.all([
    portHolders(context, stack, snapshot),
    lettersOf(context, stack, snapshot),
  ]);
  return { snapshot, score, holders, deadLetters };
}

async function everyPartIsWell(context: Context, stack: Stack): Promise<boolean> {
  const { resources } = await observeResources(context, stack);
  return resources.every(({ state }) => state === 'active');
}

async function portHolders(context: Context, stack: Stack, snapshot: Snapshot): Promise<PortHolder[]> {
  const down = snapshot.resources.filter(
    ({ state, pid, provider, problem }) =>
      state !== 'active' && (pid === undefined || problem?.kind === 'stranger') && provider !== 'external',
  );
  if (down.length === 0) return [];
  const [sockets, processes] = await Promise.all([
    context.host.listeningSockets().catch((): ListeningSocket[] => []),
    context.host.processes().catch((): RunningProcess[] => []),
  ]);
  const known = new Set(snapshot.resources.flatMap(({ pid }) => pid ?? []));
  return down.flatMap(({ name, ports, standsIn }) =>
    ports.flatMap((port): PortHolder[] => {
      const holder = sockets.find((socket) => socket.port === port);
      // What stands in for it is meant to be there.
      if (holder === undefined || standsIn === true) return [];
      const process = processes.find(({ pid }) => pid === holder.pid);
      const ours = process !== undefined && !known.has(process.pid) && isLeftOver(context, stack, process);
      return [{ part: name, port, pid: holder.pid, program: holder.program ?? 'a process', ours }];
    }),
  );
}

/** Whether its own command line names this stack's folder of state, or one of our programs run for this stack. */
export function isLeftOver(
  { installation }: Pick<Context, 'installation'>,
  { root }: Pick<Stack, 'root'>,
  { args, cwd }: Pick<RunningProcess, 'args' | 'cwd'>,
): boolean {
  const state = join(stateFolder(root), '/');
  const programs = join(installation.root, 'dist', 'src', 'embedded', '/');
  return (
    args.some((arg) => arg.includes(state)) || (cwd === root && args.some((arg) => arg.startsWith(programs)))
  );
}

/** The dead letters, where the broker and all that consumes are well: before that a replay would kill them again. */
async function lettersOf(context: Context, stack: Stack, snapshot: Snapshot): Promise<World['deadLetters']> {
  if (snapshot.resources.some(({ state }) => state !== 'active')) return [];
  if (resourceOfKind(stack, 'rabbitmq') === undefined) return [];
  try {
    const queues = deadLetterQueues((await desiredOf(stack)).topology);
    const filled = await onBroker(context, brokerAccess(stack), 'qbtc heal', async (connection) => {
      const found: string[] = [];
      for (const queue of queues)
        if (((await connection.inspectQueue(queue))?.messages ?? 0) > 0) found.push(queue);
      return found;
    });
    const look = { limit: LETTERS, rate: 1, dryRun: true };
    return await Promise.all(
      filled.map(async (queue) => ({
        queue,
        letters: await replayDeadLetters(context, stack, { from: queue, ...look }),
      })),
    );
  } catch {
    // A broker that went away meanwhile is a problem of the next look.
    context.interrupted.throwIfAborted();
    return [];
  }
}
