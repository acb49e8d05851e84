import type { Context } from '../../context.ts';
import { QbtcError } from '../../errors.ts';
import type { PartStatus, StartingRuntime } from '../runtime.ts';
import {
  attachSupervisor,
  type OnEnding,
  type SupervisorClient,
  startSupervisor,
  supervisorProgram,
} from './client.ts';
import { endOfLines, followLog, lastWritten, readLogTail } from './log-files.ts';
import type { ProcessSpec, ProcessStatus } from './protocol.ts';
import { readRunning } from './running-state.ts';
import { readState } from './state.ts';

export interface ProcessRuntime extends StartingRuntime<ProcessSpec> {
  /**
   * All processes, as their supervisor knows them. What one that was killed has left is taken over; where nothing of the
   * stack runs, none is started.
   */
  takeOver(): Promise<ProcessStatus[]>;
}

/**
 * The processes of the stack at `root`; a part is a resource, an instance of a service, or a companion of one.
 *
 * @param onEnding is told what a supervisor that ends, or that nobody can talk to, ran
 */
export function processRuntime(
  context: Pick<Context, 'host' | 'clock' | 'installation' | 'exec'>,
  root: string,
  onEnding: OnEnding = () => {},
): ProcessRuntime {
  const program = supervisorProgram(context);
  let attached: SupervisorClient | undefined;
  let attaching: Promise<SupervisorClient | undefined> | undefined;
  let starting: Promise<SupervisorClient> | undefined;
  const attach = async (told = onEnding): Promise<SupervisorClient | undefined> => {
    if (starting !== undefined) return supervisor();
    attaching ??= attachSupervisor(context, root, program, told);
    attached ??= await attaching;
    return attached;
  };
  const supervisor = async (): Promise<SupervisorClient> => {
    starting ??= attach().then((running) => running ?? startSupervisor(root, program));
    attached = await starting;
    return attached;
  };
  // What a supervisor has written down is there without one, too.
  const known = async () =>
    (await attached?.list()) ?? (await readRunning(context.host, root))?.processes ?? [];
  /** The byte of its log at which the process began to write. */
  const startOf = async (name: string) => {
    const processes =
      (await attached?.list()) ?? (await readState(root).catch(() => undefined))?.processes ?? [];
    return processes.find((each) => each.name === name)?.logFrom;
  };
  return {
    runs: 'process',
    list: async () => (await known()).map(processPart),
    takeOver: async () => (await (await attach())?.list()) ?? [],
    async start(specs, { onStarting, onProgress }) {
      const client = await supervisor();
      const before = new Map((await client.list()).map((each) => [each.name, each]));
      const started: string[] = [];
      for (const spec of specs) {
        const { pid, fingerprint } = before.get(spec.name) ?? {};
        const isSame = pid !== undefined && fingerprint === spec.fingerprint;
        if (!isSame) {
          onStarting(spec.name);
          if (pid !== undefined) onProgress(spec.name, 'it has changed: ending the old one');
          started.push(spec.name);
        }
        await client.ensure(spec);
      }
      return started;
    },
    async keep(names) {
      const client = await supervisor();
      for (const name of names) await client.keep(name);
    },
    async stop(names) {
      const client = await attach();
      const own = ((await client?.list()) ?? [])
        .filter(({ name, partOf: of }) => names.includes(name) || (of !== undefined && names.includes(of)))
        .filter(({ pid, state }) => pid !== undefined || state === 'restarting');
      const end = async (each: ProcessStatus) => void (await client?.stop(each.name));
      // What stands beside a part goes after it.
      const [parts, companions] = [own.filter((each) => !isCompanion(each)), own.filter(isCompanion)];
      await Promise.all(parts.map(end));
      await Promise.all(companions.map(end));
      return [...parts, ...companions].map(({ name }) => name);
    },
    async logs(name, { tail = Number.POSITIVE_INFINITY, since, ofThisStart, wholeLines }) {
      const end = await endOfLines(root, name);
      const from = ofThisStart === true || since !== undefined ? await startOf(name) : undefined;
      const lines = await readLogTail(root, name, tail, { from, end: wholeLines === true ? end : undefined });
      const writtenAt = await lastWritten(root, name);
      return {
        lines: lines.map((line) => ({ line })),
        end: String(end),
        ...(writtenAt === undefined ? {} : { writtenAt }),
      };
    },
    follow: (name, from, onLine, signal) =>
      followLog(context, root, name, Number(from), (line) => onLine({ line }), signal),
    async exec({ cwd, env }, [command, ...args], terminal) {
      const { exitCode, notFound } = await context.exec(command, args, { cwd, env, terminal });
      if (!notFound) return exitCode;
      throw new QbtcError('PROGRAM_MISSING', `${command} was not found`, {
        hint: 'it is looked for in PATH',
      });
    },
    async remove({ onEnding: onLeftEnding, onStopped }) {
      const stopped: string[] = [];
      const client = await attach((names) => {
        onLeftEnding(names);
        stopped.push(...names);
      });
      const living = new Set(
        ((await client?.list()) ?? []).filter(({ pid }) => pid !== undefined).map(({ name }) => name),
      );
      onLeftEnding([...living]);
      await client?.shutdown((name) => {
        if (!living.has(name)) return;
        stopped.push(name);
        onStopped(name);
      });
      attached = undefined;
      attaching = undefined;
      starting = undefined;
      return { stopped, volumes: [] };
    },
    close: () => attached?.close(),
  };
}

const isCompanion = ({ partOf }: ProcessStatus) => partOf !== undefined;

/** How the process is, in the words of all runtimes. */
export function processPart({
  name,
  partOf: of,
  ports,
  pid,
  state,
  reason,
  wasStopped,
  restarts,
  kept,
}: ProcessStatus): PartStatus {
  const beside = of === undefined ? {} : { partOf: of };
  const common = { name, ...beside, ports, pid, reason, restarts, wasReady: kept };
  switch (state) {
    case 'restarting':
    case 'starting':
      return { ...common, lives: false, state: 'starting' };
    case 'quarantined':
      return { ...common, lives: false, state: 'crashed' };
    case 'exited':
      return { ...common, lives: false, state: wasStopped ? 'stopped' : 'crashed' };
    default:
      return pid === undefined
        ? { ...common, lives: false, state: 'crashed', reason: 'its process is gone' }
        : { ...common, lives: true };
  }
}
