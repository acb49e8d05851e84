import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Context } from '../../context.ts';
import { QbtcError } from '../../errors.ts';
import { socketAddress } from './address.ts';
import type { ProcessSpec, ProcessStatus, SupervisorReply, SupervisorRequest } from './protocol.ts';
import { readState, STATE_FOLDER } from './state.ts';

/** A connection to the supervisor of a stack. Every call answers with all processes as they are then. */
export interface SupervisorClient {
  start(spec: ProcessSpec): Promise<ProcessStatus[]>;
  keep(name: string): Promise<ProcessStatus[]>;
  stop(name: string): Promise<ProcessStatus[]>;
  list(): Promise<ProcessStatus[]>;
  /** Stops everything and then the supervisor itself. */
  shutdown(onStopped: (name: string) => void): Promise<void>;
  close(): void;
}

/** The running supervisor of the stack at `root`, or `undefined` when none answers. */
export async function connectSupervisor(root: string): Promise<SupervisorClient | undefined> {
  const socket = connect(socketAddress(root));
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
  const [outcome] = await Promise.race([once(child, 'message'), once(child, 'exit'), once(child, 'error')]);
  if (outcome !== 'ready') {
    throw new QbtcError('SUPERVISOR_FAILED', 'the supervisor did not start', {
      hint: `see ${logFile}`,
      cause: outcome,
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
    for (const { reject } of waiting.values()) reject(new Error('the supervisor has gone away'));
    waiting.clear();
  };
  socket.on('error', fail);
  socket.on('close', fail);
  const ask = (request: SupervisorRequest, onStopped?: (name: string) => void) =>
    new Promise<ProcessStatus[]>((resolve, reject) => {
      if (socket.destroyed) {
        reject(new Error('the supervisor has gone away'));
        return;
      }
      lastId += 1;
      waiting.set(lastId, onStopped === undefined ? { resolve, reject } : { resolve, reject, onStopped });
      socket.write(`${JSON.stringify({ id: lastId, ...request })}\n`);
    });
  return {
    start: (spec) => ask({ do: 'start', spec }),
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
