import { withOwnPorts } from '../config/own-ports.ts';
import type { Context } from '../context.ts';
import { QbtcError } from '../errors.ts';
import type { LogLine } from '../model/log.ts';
import type { Service, Stack } from '../model/stack.ts';
import { environmentOf, instancesOf } from '../services/index.ts';

/** A migration may rewrite a large table. */
const TIMEOUT_MS = 30 * 60_000;
const SHOWN_LINES = 15;

/** A program that brings a database up to date, with what it is run with. */
interface Migration {
  /** The step of `up` that it is. */
  step: string;
  command: readonly string[];
  cwd: string;
  env: Record<string, string>;
}

/**
 * Runs the `migrate` commands of a service one after the other, on this machine, in its folder and with its environment.
 * They run at each `up`: what has been applied only they know.
 *
 * @throws QbtcError `MIGRATE_FAILED` with the last lines that it wrote
 */
export async function migrateService(
  context: Pick<Context, 'exec' | 'env' | 'interrupted' | 'clock' | 'io'>,
  stack: Stack,
  service: Service,
): Promise<void> {
  const [instance] = instancesOf(service);
  if (instance === undefined) return;
  const env = environmentOf(context, stack, instance);
  const begun = context.clock.monotonic();
  const step = migrateStep(service);
  for (const words of service.migrate ?? []) {
    const command = words.map((word) => withOwnPorts(word, instance));
    await run(context, { step, command, cwd: service.path, env });
  }
  const seconds = (context.clock.monotonic() - begun) / 1000;
  context.io.progress.done(step, `done after ${seconds.toFixed(1)} s`);
}

/** No name of a service can hold a blank. */
export function migrateStep({ name }: Pick<Service, 'name'>): string {
  return `migrate ${name}`;
}

async function run(
  context: Pick<Context, 'exec' | 'interrupted' | 'io'>,
  { step, command, cwd, env }: Migration,
): Promise<void> {
  const [program = '', ...args] = command;
  const shown = command.join(' ');
  const last: LogLine[] = [];
  context.io.progress.step(step, shown);
  const { exitCode, notFound, timedOut } = await context.exec(program, args, {
    cwd,
    env,
    timeoutMs: TIMEOUT_MS,
    signal: context.interrupted,
    onLine(line) {
      if (line.trim() === '') return;
      last.push({ source: step, message: line, raw: line });
      if (last.length > SHOWN_LINES) last.shift();
      context.io.progress.step(step, line);
    },
  });
  context.interrupted.throwIfAborted();
  if (exitCode === 0 && !timedOut) return;
  const reason = timedOut
    ? `it did not end within ${TIMEOUT_MS / 60_000} minutes`
    : notFound
      ? `${program} was not found`
      : `it ended with exit code ${exitCode}`;
  throw new QbtcError('MIGRATE_FAILED', `${step}: ${shown}: ${reason}`, {
    hint: notFound
      ? `install ${program}, or mend "migrate" of the service`
      : 'mend what it complains about, then run: qbtc up',
    logLines: last,
  });
}
