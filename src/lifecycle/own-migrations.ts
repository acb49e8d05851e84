import { withOwnPorts } from '../config/own-ports.ts';
import type { Context } from '../context.ts';
import { QbtcError } from '../errors.ts';
import type { LogLine } from '../model/log.ts';
import type { Resource } from '../model/resource.ts';
import type { Service, Stack } from '../model/stack.ts';
import { baseEnvironment } from '../runtimes/processes/environment.ts';
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
  tellDone(context, step, begun);
}

/**
 * The same of a resource, beside qbtc.yaml, told where it is by variables.
 * @throws QbtcError `MIGRATE_FAILED` with the last lines that it wrote
 */
export async function migrateResource(
  context: Pick<Context, 'exec' | 'env' | 'interrupted' | 'clock' | 'io'>,
  stack: Pick<Stack, 'root'>,
  resource: Resource,
): Promise<void> {
  const { url, host, port, user, password, database } = resource.endpoint;
  const own = {
    DATABASE_URL: url,
    DATABASE_HOST: host,
    DATABASE_PORT: String(port),
    DATABASE_USER: user ?? '',
    DATABASE_PASSWORD: password ?? '',
    DATABASE_NAME: database ?? '',
  };
  const env = { ...baseEnvironment(context.env), ...own };
  const step = migrateStep(resource);
  const begun = context.clock.monotonic();
  for (const command of resource.migrate ?? []) await run(context, { step, command, cwd: stack.root, env });
  tellDone(context, step, begun);
}

function tellDone({ clock, io }: Pick<Context, 'clock' | 'io'>, step: string, begun: number): void {
  io.progress.done(step, `done after ${((clock.monotonic() - begun) / 1000).toFixed(1)} s`);
}

/** No name of a part can hold a blank. */
export function migrateStep({ name }: { name: string }): string {
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
    withChildren: true,
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
      ? `install ${program}, or mend its "migrate"`
      : 'mend what it complains about, then run: qbtc up',
    logLines: last,
  });
}
