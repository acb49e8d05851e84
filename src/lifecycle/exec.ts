import type { Context } from '../context.ts';
import { EXIT, QbtcError } from '../errors.ts';
import type { Stack } from '../model/stack.ts';
import { containedParts, containerRuntime } from '../runtimes/containers/index.ts';
import { type ProcessSpec, processRuntime } from '../runtimes/processes/index.ts';
import {
  type Instance,
  instancesOf,
  noteByHand,
  runningInstances,
  serviceProcess,
} from '../services/index.ts';
import { readChoices } from '../state/index.ts';

export interface ExecOptions {
  /** The program and its arguments; what `up` would run when left out: the service itself. */
  command?: readonly [string, ...string[]];
  /** The option of Node that lets a debugger attach: `--inspect=127.0.0.1:9229`. */
  inspect?: string;
}

/**
 * Runs a command as a service of the stack would run: in its container, or on this machine in its folder with its
 * environment. The terminal and the signals are the command's meanwhile. What listens on the service's port is the service
 * from then on: `up` waits for it and leaves it alone.
 *
 * @returns the exit code of the command; 128 and the number of the signal that ended it
 * @throws QbtcError `EXEC_IMPOSSIBLE` for a resource that is no container; `PROGRAM_MISSING`; `PORT_TAKEN`, `RUNS_ALREADY`
 *   (where it has no port) and `NOT_INSPECTABLE` for the service itself
 */
export async function execIn(
  context: Context,
  stack: Stack,
  name: string,
  { command, inspect }: ExecOptions,
): Promise<number> {
  const service = stack.services.find((declared) => declared.name === name);
  if (containedParts(await readChoices(stack.root)).has(name)) {
    if (command === undefined) throw alreadyContained(name);
    return containerRuntime(context, stack).exec({ service: name }, command, context.io.terminal);
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
  if (command === undefined && service?.url !== undefined) {
    throw new QbtcError('EXEC_IMPOSSIBLE', `${name} runs already at ${service.url}: qbtc does not run it`, {
      exit: EXIT.usage,
      hint: `give a program to run in its folder: qbtc exec ${name} -- PROGRAM`,
    });
  }
  if (command === undefined) await refuseTaken(context, stack, instance);
  const spec = await serviceProcess(context, stack, instance);
  context.interrupted.throwIfAborted();
  const run = command ?? own(instance, spec, inspect);
  const work = () => processRuntime(context, stack.root).exec(spec, run, context.io.terminal);
  // Whether it is the service itself, its port tells; where it has none, that nothing else was asked for.
  const mayBeService = command === undefined || instance.port !== undefined;
  return mayBeService ? noteByHand(context, stack.root, name, work) : work();
}

/** Two of them cannot listen on one port: said before its code is made and run, with what mends it. */
async function refuseTaken(
  { host }: Pick<Context, 'host'>,
  stack: Stack,
  { name, port, service }: Instance,
): Promise<void> {
  if (port === undefined) {
    const { runs } = (await runningInstances({ host }, stack)).find((each) => each.name === name) ?? {};
    if (typeof runs !== 'object' || runs.pid === undefined) return;
    throw new QbtcError('RUNS_ALREADY', `${name} runs already (pid ${runs.pid})`, {
      hint: `qbtc stop ${service.name}`,
    });
  }
  const holder = (await host.listeningSockets()).find((socket) => socket.port === port);
  if (holder === undefined) return;
  const pid = holder.pid === undefined ? '' : ` (pid ${holder.pid})`;
  throw new QbtcError(
    'PORT_TAKEN',
    `port ${port} of ${name} is held by ${holder.program ?? 'a process'}${pid}`,
    {
      hint: `where that is ${name} itself: qbtc stop ${service.name}`,
    },
  );
}

/** The service itself, as `up` would run it. */
function own(
  { name, service }: Instance,
  { program, args }: ProcessSpec,
  inspect: string | undefined,
): [string, ...string[]] {
  if (inspect === undefined) return [program, ...args];
  // Its entry is run by Node, which knows the option.
  if (service.entry !== undefined) return [program, inspect, ...args];
  throw new QbtcError(
    'NOT_INSPECTABLE',
    `${name} has a command of its own: how it is debugged is its own, too`,
    {
      exit: EXIT.usage,
      hint: `give the whole command: qbtc exec ${name} -- ${[program, ...args].join(' ')}`,
    },
  );
}

function alreadyContained(name: string): QbtcError {
  return new QbtcError('EXEC_IMPOSSIBLE', `${name} runs in its container already`, {
    exit: EXIT.usage,
    hint: `to run it by hand: qbtc up --strategy hybrid, qbtc stop ${name}, qbtc exec ${name}`,
  });
}
