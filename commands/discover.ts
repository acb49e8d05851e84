import { InvalidArgumentError } from 'commander';
import type { Context } from '../src/context.ts';
import type { Discovery, SourceName } from '../src/model/discovery.ts';
import type { Stack } from '../src/model/stack.ts';
import type { Outcome, Register } from './command.ts';

interface Options {
  source?: SourceName[];
  portRange?: { first: number; last: number };
  host?: string;
  scan: boolean;
  all: boolean;
  explain?: string;
  register: boolean;
  dryRun: boolean;
  include: string[];
  watch: boolean;
  json?: boolean;
}

/** As in `model/discovery.ts`, which commands load only when they are run. */
const SOURCES = ['stack', 'docker', 'ports', 'processes', 'rabbitmq', 'bus'] as const satisfies SourceName[];
const MAX_PORT = 65_535;

export const discover: Register = (program, run) => {
  program
    .command('discover')
    .description('find every service that runs, say how it is known, and route it')
    .option('--source <names>', `ask these only, with commas between: ${SOURCES.join(', ')}`, sourceNames)
    .option('--port-range <range>', 'look at these ports only, as 8000-8999', portRange)
    .option('--host <host>', 'look at the ports of another host, by connecting to each')
    .option('--scan', 'connect to each port instead of reading the table of sockets', false)
    .option('--all', 'also list what listens and is no service', false)
    .option('--explain <name>', 'tell all that is known of one service')
    .option('--register', 'bring its routes to the gateway, and announce it on the bus', false)
    .option('--dry-run', 'with --register: print what would be changed, and change nothing', false)
    .option(
      '--include <name>',
      'with --register: also this service, which nobody has brought in; as often as needed',
      (name: string, all: string[]) => [...all, name],
      [],
    )
    .option('--watch', 'go on, and tell each change; with --register follow it', false)
    .option('--json', 'print the result as JSON; with --watch one object a line')
    .action(
      run<Options>(async (context, options) => {
        const [{ openStackHere }, { EXIT }] = await Promise.all([
          import('./open.ts'),
          import('../src/errors.ts'),
        ]);
        await checkTogether(options);
        const stack = await openStackHere(context);
        if (options.watch) return watch(context, stack, options);
        const { progress } = context.io;
        const { discover: look } = await import('../src/discovery/index.ts');
        const discovery = await look(context, stack, {
          ...whereOf(options),
          onProgress: (source, doing) => progress.step(source, doing),
        });
        progress.stop();
        if (options.explain !== undefined) return explained(stack, discovery, options.explain);
        if (options.register) return registered(context, stack, discovery, options);
        const hasErrors = discovery.findings.some(({ severity }) => severity === 'error');
        return {
          document: { kind: 'discovery', ...discovery, all: options.all },
          exit: hasErrors ? EXIT.findings : EXIT.done,
        };
      }),
    );
};

function sourceNames(text: string): SourceName[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(SOURCES as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`found "${unknown}", expected one of ${SOURCES.join(', ')}.`);
  return names as SourceName[];
}

function portRange(text: string): { first: number; last: number } {
  const [, from, to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const [first, last] = [Number(from), Number(to)];
  if (from === undefined || first < 1 || last > MAX_PORT || first > last)
    throw new InvalidArgumentError(
      `found "${text}", expected a range such as 8000-8999, from 1 to ${MAX_PORT}.`,
    );
  return { first, last };
}

async function checkTogether({ register, dryRun, include, watch, explain }: Options): Promise<void> {
  const { EXIT, QbtcError } = await import('../src/errors.ts');
  const wrong =
    (dryRun && !register && '--dry-run says what --register would do') ||
    (dryRun && watch && '--dry-run looks once, --watch goes on') ||
    (include.length > 0 && !register && '--include says what --register takes in') ||
    (include.length > 0 && watch && '--include is for one registration, --watch goes on') ||
    (explain !== undefined && (register || watch) && '--explain tells of one look');
  if (wrong) throw new QbtcError('USAGE', wrong, { exit: EXIT.usage, hint: 'see `qbtc discover --help`' });
}

function whereOf({ source, portRange: range, host, scan }: Options) {
  return {
    scan,
    ...(source === undefined ? {} : { sources: source }),
    ...(range === undefined ? {} : { portRange: range }),
    ...(host === undefined ? {} : { host }),
  };
}

async function explained(stack: Stack, { services }: Discovery, name: string): Promise<Outcome> {
  const found = services.filter((service) => service.name === name);
  if (found.length > 0) return { document: { kind: 'service', stack: stack.name, services: found } };
  const [{ nearest }, { EXIT, QbtcError }] = await Promise.all([
    import('../src/config/mistake.ts'),
    import('../src/errors.ts'),
  ]);
  const known = [...new Set(services.map((service) => service.name))];
  const near = nearest(name, known);
  throw new QbtcError('NAME_UNKNOWN', `no service named "${name}" was found`, {
    exit: EXIT.usage,
    hint: `${near === undefined ? '' : `did you mean "${near}"? `}found: ${known.join(', ') || 'none'}`,
  });
}

async function registered(
  context: Context,
  stack: Stack,
  discovery: Discovery,
  { dryRun, include }: Options,
): Promise<Outcome> {
  const [{ registerServices }, { EXIT }] = await Promise.all([
    import('../src/lifecycle/discover.ts'),
    import('../src/errors.ts'),
  ]);
  for (const name of include) await explained(stack, discovery, name);
  const { exit, ...registration } = await registerServices(context, stack, discovery, { dryRun, include });
  const hasErrors = discovery.findings.some(({ severity }) => severity === 'error');
  return {
    document: {
      kind: 'registered',
      stack: stack.name,
      dryRun,
      findings: discovery.findings,
      ...registration,
    },
    exit: exit === EXIT.done && hasErrors ? EXIT.findings : exit,
  };
}

async function watch(context: Context, stack: Stack, options: Options): Promise<Outcome> {
  const [{ watchAndRegister }, { createReporter }] = await Promise.all([
    import('../src/lifecycle/discover.ts'),
    import('../src/report/index.ts'),
  ]);
  const { io, interrupted } = context;
  const print = createReporter(options.json === true ? 'json-lines' : 'terminal', {
    width: io.columns,
    color: io.color,
    verbose: false,
  });
  io.err('watching, Ctrl-C ends it\n');
  await watchAndRegister(context, stack, {
    ...whereOf(options),
    register: options.register,
    onChange: (change) => io.out(print({ kind: 'service-change', ...change })),
    end: AbortSignal.any([interrupted, io.unread]),
  });
  return {};
}
