import { PassThrough } from 'node:stream';
import { withOwnPorts } from '../config/own-ports.ts';
import type { Context, Terminal } from '../context.ts';
import { askReadiness, holders, type RunAs } from '../health/index.ts';
import type { Stack } from '../model/stack.ts';
import { resourceNamed, resourcesOfKind } from '../resources/facts.ts';
import type { ProbeResult } from '../resources/probe.ts';
import { containersAt, openContainers } from '../runtimes/containers/index.ts';
import { processRuntime } from '../runtimes/processes/index.ts';
import { environmentOf, type Instance } from './service.ts';

export interface ServiceProbe {
  /** How qbtc runs it now: whose process answers decides who it is. */
  runs: RunAs;
  /** It has been ready since it was started. */
  wasReady?: boolean;
  timeoutMs: number;
  /** Left out, the table of sockets is read for this one. */
  holderOf?: ReturnType<typeof holders>;
}

export type ProbeServiceContext = Pick<
  Context,
  'http' | 'host' | 'tcp' | 'amqp' | 'clock' | 'exec' | 'docker' | 'installation' | 'env' | 'interrupted'
>;

/** Asks an instance whether it is ready in the way that it names, and whether it is the service that should be there. */
export async function probeService(
  context: ProbeServiceContext,
  stack: Stack,
  instance: Instance,
  { runs, wasReady = false, timeoutMs, holderOf = holders(context.host) }: ServiceProbe,
): Promise<ProbeResult> {
  const { service, url } = instance;
  const answer = await askReadiness(context, service.health, {
    name: service.name,
    url,
    runs,
    wasReady,
    timeoutMs,
    holderOf,
    lines: () => linesOf(context, stack, instance, runs),
    run: (command) => runBeside(context, stack, instance, { command, runs, timeoutMs }),
    broker: brokerOf(stack, instance),
  });
  if (answer.ready) return answer;
  const { kind } = answer.problem;
  return { ...answer, refused: kind === 'stranger' || kind === 'other-name' };
}

/** What it has written since it was started last, by who runs it. */
async function linesOf(
  context: ProbeServiceContext,
  { root }: Stack,
  { name, service }: Instance,
  runs: RunAs,
): Promise<string[]> {
  const contained = runs === 'container';
  const runtime = contained ? containersAt(context, root) : processRuntime(context, root);
  try {
    const { lines } = await runtime.logs(contained ? service.name : name, {
      ofThisStart: true,
      wholeLines: true,
    });
    return lines.map(({ line }) => line);
  } finally {
    runtime.close();
  }
}

/** Runs a program in the container of the service, or in its folder with its environment. */
async function runBeside(
  context: ProbeServiceContext,
  stack: Stack,
  instance: Instance,
  { command, runs, timeoutMs }: { command: readonly [string, ...string[]]; runs: RunAs; timeoutMs: number },
): Promise<number> {
  const [program = '', ...args] = command.map((word) => withOwnPorts(word, instance));
  if (runs === 'container') {
    const late = AbortSignal.timeout(timeoutMs);
    const signal = AbortSignal.any([context.interrupted, late]);
    const containers = openContainers(context, stack.root);
    return containers.exec(instance.service.name, [program, ...args], unheard(), signal).catch((error) => {
      throw late.aborted ? tooLate(program, timeoutMs) : error;
    });
  }
  const { exitCode, notFound, timedOut } = await context.exec(program, args, {
    cwd: instance.service.path,
    env: environmentOf(context, stack, instance),
    timeoutMs,
    signal: context.interrupted,
  });
  if (notFound) throw new Error(`${program} was not found`);
  if (timedOut) throw tooLate(program, timeoutMs);
  return exitCode;
}

const tooLate = (program: string, timeoutMs: number) =>
  new Error(`${program} did not end within ${timeoutMs} ms`);

/** A terminal at which nobody sits. */
function unheard(): Terminal {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.end();
  for (const stream of [stdout, stderr]) stream.resume();
  return { stdin, stdout, stderr, tty: false };
}

function brokerOf(stack: Stack, { service }: Instance): string | undefined {
  const [only, ...more] = resourcesOfKind(stack, 'rabbitmq');
  const named = service.events?.resource;
  if (named !== undefined) return resourceNamed(stack, named).endpoint.url;
  return more.length === 0 ? only?.endpoint.url : undefined;
}
