import { PassThrough } from 'node:stream';
import type { Context, Terminal } from '../../context.ts';
import type { RunAs } from '../../health/index.ts';
import { containersAt, openContainers } from '../../runtimes/containers/index.ts';
import { processRuntime } from '../../runtimes/processes/index.ts';

export type AskedContext = Pick<
  Context,
  'http' | 'host' | 'tcp' | 'amqp' | 'clock' | 'exec' | 'docker' | 'installation' | 'env' | 'interrupted'
>;

/** What is asked for its lines, or beside which a program runs. */
export interface AskedPart {
  /** What the runtime of processes calls it. */
  name: string;
  /** What the compose file calls it. */
  contained: string;
  runs: RunAs;
}

/** What it has written since it was started last, by who runs it. */
export async function linesOf(
  context: AskedContext,
  root: string,
  { name, contained, runs }: AskedPart,
): Promise<string[]> {
  const isContained = runs === 'container';
  const runtime = isContained ? containersAt(context, root) : processRuntime(context, root);
  try {
    const { lines } = await runtime.logs(isContained ? contained : name, {
      ofThisStart: true,
      wholeLines: true,
    });
    return lines.map(({ line }) => line);
  } finally {
    runtime.close();
  }
}

/** A program that is run beside a part. */
export interface Beside {
  command: readonly string[];
  /** Where it runs outside of a container, and with what. */
  cwd: string;
  env: Record<string, string>;
  timeoutMs: number;
}

/** Runs a program in the container of the part, or in its folder with its environment; answers with its exit code. */
export async function runBeside(
  context: AskedContext,
  root: string,
  { contained, runs }: AskedPart,
  { command: [program = '', ...args], cwd, env, timeoutMs }: Beside,
): Promise<number> {
  if (runs === 'container') {
    const late = AbortSignal.timeout(timeoutMs);
    const signal = AbortSignal.any([context.interrupted, late]);
    const containers = openContainers(context, root);
    return containers.exec(contained, [program, ...args], unheard(), signal).catch((error) => {
      throw late.aborted ? tooLate(program, timeoutMs) : error;
    });
  }
  const { exitCode, notFound, timedOut } = await context.exec(program, args, {
    cwd,
    env,
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
