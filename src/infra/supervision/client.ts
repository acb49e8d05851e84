import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Context } from '../../context.ts';
import { EXIT, messageOf, QbtcError } from '../../errors.ts';
import { connectAddress } from './address.ts';
import type { ProcessSpec, ProcessStatus, SupervisorReply, SupervisorRequest } from './protocol.ts';
import { readState, STATE_FOLDER } from './state.ts';

/** A connection to the supervisor of a stack. Every call answers with all processes as they are then. */
export interface SupervisorClient {
  /** Sees to it that this very process runs; see `Supervisor.ensure`. */
  ensure(spec: ProcessSpec): Promise<ProcessStatus[]>;
  keep(name: string): Promise<ProcessStatus[]>;
  stop(name: string): Promise<ProcessStatus[]>;
  list(): Promise<ProcessStatus[]>;
  /** Stops everything and then the supervisor itself. */
  shutdown(onStopped: (name: string) => void): Promise<void>;
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

/**
 * The running supervisor. Where it was killed and left processes behind, a new one, which has taken them over.
 * `undefined` when nothing of the stack runs.
 */
export async function attachSupervisor(
  root: string,
  programFile: string,
): Promise<SupervisorClient | undefined> {
  const running = await connectSupervisor(root);
  if (running !== undefined) return running;
  const state = await readState(root);
  const left = state?.processes.some(({ pid }) => pid !== undefined) ?? false;
  return left ? startSupervisor(root, programFile) : undefined;
}

/** Where the build puts the supervisor's program. */
export function supervisorProgram(context: Pick<Context, 'installation'>): string {
  return join(context.installation.root, 'dist', 'src', 'infra', 'supervision', 'main.js');
}

/** Starts the supervisor of the stack at `root` in the background and connects to it. */
export async function startSupervisor(root: string, programFile: string): Promise<SupervisorClient> {
  const logFolder = join(root, STATE_FOLDER, 'logs');
  mkdirSync(logFolder, { recursive: true, mode: 0o700 });
  const logFile = join(logFolder, 'supervisor.log');
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(process.execPath, ['--max-semi-space-size=1', programFile, root], {
    cwd: root,
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
const DEADLINES_MS: Record<SupervisorRequest['do'], number> = {
  ensure: 60_000,
  keep: 5_000,
  list: 5_000,
  stop: 60_000,
  shutdown: 180_000,
};

function gone(): QbtcError {
  return new QbtcError('SUPERVISOR_GONE', 'the supervisor has gone away', {
    hint: 'what it ran goes on; `qbtc up` takes it over, `qbtc down` ends it',
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
    if (reply.ok) request?.resolve(reply.processes);
    else request?.reject(new Error(reply.error));
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
        reject(
          new QbtcError(
            'SUPERVISOR_HANGS',
            `the supervisor has not answered within ${DEADLINES_MS[request.do] / 1000} s`,
            {
              exit: EXIT.timeout,
              hint: 'its pid stands in .qbtc/state.json: kill it, then run the command again',
            },
          ),
        );
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
    close: () => void socket.destroy(),
  };
}
