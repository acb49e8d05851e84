import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import type { Stack } from '../model/stack.ts';

const DONE = 'done';

/** Watches over one who injects faults for a time: when that one dies, whatever killed it, the guard undoes them. */
export interface Guard {
  /** There is nothing left to undo. */
  dismiss(): void;
}

/** Starts the guard: a qbtc of its own, out of reach of Ctrl-C, that reads our end of a pipe until it closes. */
export function postGuard({ installation }: Pick<Context, 'installation'>, { root }: Stack): Guard {
  const program = join(installation.root, 'bin', 'qbtc.js');
  const child: ChildProcess = spawn(process.execPath, [program, 'chaos', 'guard'], {
    cwd: root,
    detached: true,
    windowsHide: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.on('error', () => {});
  child.stdin?.on('error', () => {});
  child.unref();
  return { dismiss: () => void child.stdin?.end(DONE) };
}

/** Resolves when the other end of the pipe is closed: true when it said before that there is nothing to undo. */
export async function wasDismissed(input: NodeJS.ReadableStream): Promise<boolean> {
  let said = '';
  for await (const piece of input) said += String(piece);
  return said === DONE;
}
