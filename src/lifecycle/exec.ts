import type { Context } from '../context.ts';
import { EXIT, QbtcError } from '../errors.ts';
import { instancesOf, openContainers, readChoices, serviceProcess } from '../infra/index.ts';
import type { Stack } from '../model/stack.ts';

/**
 * Runs a command as a service of the stack would run: in its container, or on this machine in its folder with its
 * environment. The terminal is the command's meanwhile.
 *
 * @returns the exit code of the command; 128 and the number of the signal that ended it
 * @throws QbtcError `EXEC_IMPOSSIBLE` for a resource that is no container; `PROGRAM_MISSING`
 */
export async function execIn(
  context: Context,
  stack: Stack,
  name: string,
  command: readonly [string, ...string[]],
): Promise<number> {
  const plan = await readChoices(stack.root);
  const service = stack.services.find((declared) => declared.name === name);
  const contained =
    service === undefined
      ? plan?.choices.some(({ resource, provider }) => resource === name && provider === 'docker')
      : plan?.services.some((choice) => choice.service === name && choice.runs === 'container');
  if (contained === true) {
    const { stdin, stdout, stderr } = process;
    const tty = stdin.isTTY === true && stdout.isTTY === true;
    return openContainers(context, stack.root).exec(name, command, { stdin, stdout, stderr, tty });
  }
  const [instance] = service === undefined ? [] : instancesOf(service);
  if (instance === undefined) {
    throw new QbtcError(
      'EXEC_IMPOSSIBLE',
      `${name} is a process of this machine: there is nothing to go into`,
      {
        exit: EXIT.usage,
        hint: 'exec is for services, and for what runs in Docker',
      },
    );
  }
  const { cwd, env } = await serviceProcess(context, stack, instance);
  const [program, ...args] = command;
  const { exitCode, notFound } = await context.exec(program, args, { cwd, env, inherit: true });
  if (notFound) {
    throw new QbtcError('PROGRAM_MISSING', `${program} was not found`, { hint: 'it is looked for in PATH' });
  }
  return exitCode;
}
