import { resolve } from 'node:path';
import type { Context } from '../context.ts';
import type { Stack, StackCommand } from '../model/stack.ts';
import { instancesOf, runBundled } from '../services/index.ts';

/** What of the terminal the program is told, so that it looks as it should. */
const TERMINAL = ['TERM', 'COLORTERM', 'NO_COLOR', 'FORCE_COLOR', 'COLUMNS', 'CI'];

/**
 * Runs a command of the stack with the environment of its service, in the folder that qbtc was called in. The terminal is
 * the command's meanwhile.
 *
 * @returns its exit code; 128 and the number of the signal that ended it
 */
export async function runStackCommand(
  context: Context,
  stack: Stack,
  command: StackCommand,
  args: readonly string[],
): Promise<number> {
  const service = stack.services.find(({ name }) => name === command.service);
  const [instance] = service === undefined ? [] : instancesOf(service);
  if (service === undefined || instance === undefined)
    throw new TypeError(`the command ${command.name} has no service`);
  const { program, env, ...bundle } = await runBundled(context, stack, instance, {
    name: `command.${command.name}`,
    path: resolve(service.path),
    entry: command.entry,
  });
  const terminal = Object.fromEntries(
    TERMINAL.flatMap((name) => (context.env[name] === undefined ? [] : [[name, context.env[name] ?? '']])),
  );
  context.interrupted.throwIfAborted();
  const { exitCode } = await context.exec(program, [...bundle.args, ...args], {
    cwd: context.cwd,
    env: { ...env, ...terminal },
    terminal: context.io.terminal,
  });
  return exitCode;
}
