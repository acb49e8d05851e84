import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stillLives } from '../../alive.ts';
import type { Context } from '../../context.ts';
import { EXIT, messageOf, QbtcError } from '../../errors.ts';
import { stackFolders } from '../../state/index.ts';
import { connectAddress } from './address.ts';
import {
  belongingOf,
  carry,
  findCarriers,
  type Living,
  PROCESS_VARIABLE,
  SUPERVISOR_VARIABLE,
} from './carried.ts';
import type { ProcessSpec, ProcessStatus, SupervisorReply, SupervisorRequest } from './protocol.ts';
import { readRunning } from './running-state.ts';

/** A connection to the supervisor of a stack. Every call answers with all processes as they are then. */
export interface SupervisorClient {
  /** Sees to it that this very process runs; see `Supervisor.ensure`. */
  ensure(spec: ProcessSpec): Promise<ProcessStatus[]>;
  keep(name: string): Promise<ProcessStatus[]>;
  stop(name: string): Promise<ProcessStatus[]>;
  list(): Promise<ProcessStatus[]>;
  /** Stops everything and then the supervisor itself. */
  shutdown(onStopped: (name: string) => void): Promise<void>;
  /** Whether its last answer said that it ends everything. */
  isClosing(): boolean;
  /** Resolves when it has ended. */
  closed(): Promise<void>;
  close(): void;
}

/** The running supervisor of the stack at `root`, or `undefined` when none answers. */
export async function connectSupervisor(root: string): Promise<SupervisorClient | undefined> {
  const address = await connectAddress(root);
  if (address === undefined) return undefined;
  const socket = connect(address);
  try {
    await once(socket, 'connect');
  } catch {
    socket.destroy();
    return undefined;
  }
  return createClient(socket);
}

/** What is said while a supervisor that nobody can talk to any more is ended, or ends by itself. */
export type OnEnding = (names: string[]) => void;

/**
 * The running supervisor. Where it was killed and left processes behind, a new one, which has taken them over. One that
 * ends (its folder was moved), or that cannot be reached (its `.qbtc` was removed), is waited for first. `undefined`
 * when nothing of the stack runs.
 */
export async function attachSupervisor(
  context: Pick<Context, 'host' | 'clock'>,
  root: string,
  programFile: string,
  onEnding: OnEnding = () => {},
): Promise<SupervisorClient | undefined> {
  const running = await connectSupervisor(root);
  const processes = await running?.list().catch(unlessGone);
  if (running !== undefined && processes !== undefined) {
    if (!running.isClosing()) return running;
    onEnding(processes.flatMap(({ name, pid }) => (pid === undefined ? [] : [name])));
    await running.closed();
  }
  const living = await findCarriers(context.host, root);
  if (living.supervisors.length > 0) {
    onEnding(living.processes.map(({ name }) => name));
    await endUnreachable(context, living.supervisors);
  }
  const state = await readRunning(context.host, root);
  const left = state?.processes.some(({ pid }) => pid !== undefined) ?? false;
  return left ? startSupervisor(root, programFile) : undefined;
}

/** Ends supervisors of the stack that nobody can talk to: asked to end, each ends what it runs, in order. */
async function endUnreachable(
  { host, clock }: Pick<Context, 'host' | 'clock'>,
  supervisors: Living['supervisors'],
): Promise<void> {
  const deadline = clock.monotonic() + DEADLINES_MS.shutdown;
  for (const supervisor of supervisors) {
    const { pid } = supervisor;
    process.kill(pid, 'SIGCONT');
    process.kill(pid, 'SIGTERM');
    while (await stillLives(host, supervisor)) {
      if (clock.monotonic() > deadline) throw hangs('shutdown', `kill -9 ${pid}, then run the command again`);
      await clock.sleep(ENDING_POLL_MS);
    }
  }
}

/** Where the build puts the supervisor's program. */
export function supervisorProgram(context: Pick<Context, 'installation'>): string {
  return join(context.installation.root, 'dist', 'src', 'runtimes', 'processes', 'main.js');
}

/** Starts the supervisor of the stack at `root` in the background and connects to it. */
export async function startSupervisor(root: string, programFile: string): Promise<SupervisorClient> {
  const { logs, logFile: fileOf } = stackFolders(root);
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const logFile = fileOf('supervisor');
  const log = openSync(logFile, 'a', 0o600);
  const { [PROCESS_VARIABLE]: _, ...environment } = process.env;
  const child = spawn(process.execPath, ['--max-semi-space-size=1', programFile, root], {
    cwd: root,
    env: { ...environment, [SUPERVISOR_VARIABLE]: carry(belongingOf(root)) },
    detached: true,
    windowsHide: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  // `once` rejects on the event `error`.
  const outcome: unknown = await Promise.race([once(child, 'message'), once(child, 'exit')]).then(
    ([first]) => first,
    messageOf,
  );
  if (outcome !== 'ready') {
    throw new QbtcError('SUPERVISOR_FAILED', `the supervisor did not start: ${String(outcome)}`, {
      hint: `see ${logFile}`,
    });
  }
  child.disconnect();
  child.unref();
  const client = await connectSupervisor(root);
  if (client === undefined) {
    throw new QbtcError('SUPERVISOR_FAILED', 'the supervisor started but does not answer', {
      hint: `see ${logFile}`,
    });
  }
  return client;
}

/** How long each request may take; the end of a process may take its own time to stop. */
const ENDING_POLL_MS = 50;
const DEADLINES_MS: Record<SupervisorRequest['do'], number> = {
  ensure: 60_000,
  // It answers at once; a machine that is busy lets it wait.
  keep: 30_000,
  list: 30_000,
  stop: 60_000,
  shutdown: 180_000,
};

function gone(): QbtcError {
  return new QbtcError('SUPERVISOR_GONE', 'the supervisor has gone away', {
    hint: 'what it ran goes on; `qbtc up` takes it over, `qbtc down` ends it',
  });
}

/** One that has ended since it took the connection is as good as none. */
export function unlessGone(error: unknown): undefined {
  if (error instanceof QbtcError && error.code === 'SUPERVISOR_GONE') return undefined;
  throw error;
}

function ending(): QbtcError {
  return new QbtcError('SUPERVISOR_CLOSING', 'the supervisor ends everything that runs of this stack', {
    hint: 'it was asked to, or its folder was moved: run the command again when it has ended (qbtc status)',
  });
}

function hangs(asked: SupervisorRequest['do'], hint: string): QbtcError {
  const seconds = DEADLINES_MS[asked] / 1000;
  return new QbtcError('SUPERVISOR_HANGS', `the supervisor has not answered within ${seconds} s`, {
    exit: EXIT.timeout,
    hint,
  });
}

interface Waiting {
  resolve: (processes: ProcessStatus[]) => void;
  reject: (error: Error) => void;
  onStopped?: (name: string) => void;
}

function createClient(socket: Socket): SupervisorClient {
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let closing = false;
  const lines = createInterface({ input: socket });
  // It repeats the socket's errors, which are told below.
  lines.on('error', () => {});
  lines.on('line', (line) => {
    const reply = JSON.parse(line) as SupervisorReply;
    const request = waiting.get(reply.id);
    if ('event' in reply) {
      request?.onStopped?.(reply.name);
      return;
    }
    waiting.delete(reply.id);
    closing ||= reply.closing === true;
    if (reply.ok) request?.resolve(reply.processes);
    else request?.reject(reply.closing === true ? ending() : new Error(reply.error));
  });
  const fail = () => {
    for (const { reject } of waiting.values()) reject(gone());
    waiting.clear();
  };
  socket.on('error', fail);
  socket.on('close', fail);
  const ask = (request: SupervisorRequest, onStopped?: (name: string) => void) =>
    new Promise<ProcessStatus[]>((resolve, reject) => {
      if (socket.destroyed) {
        reject(gone());
        return;
      }
      lastId += 1;
      const id = lastId;
      const deadline = setTimeout(() => {
        waiting.delete(id);
        reject(hangs(request.do, 'its pid stands in .qbtc/state.json: kill it, then run the command again'));
      }, DEADLINES_MS[request.do]);
      const settle =
        <Value>(then: (value: Value) => void) =>
        (value: Value) => {
          clearTimeout(deadline);
          then(value);
        };
      waiting.set(id, {
        resolve: settle(resolve),
        reject: settle(reject),
        ...(onStopped === undefined ? {} : { onStopped }),
      });
      socket.write(`${JSON.stringify({ ...request, id })}\n`);
    });
  return {
    ensure: (spec) => ask({ do: 'ensure', spec }),
    keep: (name) => ask({ do: 'keep', name }),
    stop: (name) => ask({ do: 'stop', name }),
    list: () => ask({ do: 'list' }),
    async shutdown(onStopped) {
      await ask({ do: 'shutdown' }, onStopped);
      if (!socket.destroyed) await new Promise<void>((resolve) => socket.once('close', () => resolve()));
    },
    isClosing: () => closing,
    async closed() {
      if (socket.destroyed) return;
      const deadline = AbortSignal.timeout(DEADLINES_MS.shutdown);
      await once(socket, 'close', { signal: deadline }).catch(() => {
        throw hangs('shutdown', 'its pid stands in .qbtc/state.json: kill it, then run the command again');
      });
    },
    close: () => void socket.destroy(),
  };
}
