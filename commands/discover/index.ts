import type { Context } from '../../src/context.ts';
import { type Discovery, SOURCE_NAMES } from '../../src/model/discovery.ts';
import type { Stack } from '../../src/model/stack.ts';
import type { Outcome, Register } from '../command.ts';
import { checkTogether, type Options, portRange, sourceNames, whereOf } from './options.ts';

export const discover: Register = (program, run) => {
  program
    .command('discover')
    .description('find every service that runs, say how it is known, and route it')
    .option(
      '--source <names>',
      `ask these only, with commas between: ${SOURCE_NAMES.join(', ')}`,
      sourceNames,
    )
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
          import('../../src/lifecycle/open.ts'),
          import('../../src/errors.ts'),
        ]);
        await checkTogether(options);
        const stack = await openStackHere(context);
        if (options.watch) return (await import('./watch.ts')).watch(context, stack, options);
        const { progress } = context.io;
        const [{ discover: look }, { runningInstances }] = await Promise.all([
          import('../../src/discovery/index.ts'),
          import('../../src/services/index.ts'),
        ]);
        const discovery = await look(context, stack, {
          ...whereOf(options),
          running: () => runningInstances(context, stack),
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

async function explained(stack: Stack, { services }: Discovery, name: string): Promise<Outcome> {
  const found = services.filter((service) => service.name === name);
  if (found.length > 0) return { document: { kind: 'service', stack: stack.name, services: found } };
  const [{ nearest }, { EXIT, QbtcError }] = await Promise.all([
    import('../../src/config/mistake.ts'),
    import('../../src/errors.ts'),
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
  const [{ registerServices }, { exitOf }, { EXIT }] = await Promise.all([
    import('../../src/lifecycle/discover.ts'),
    import('../outcomes.ts'),
    import('../../src/errors.ts'),
  ]);
  for (const name of include) await explained(stack, discovery, name);
  const { outcomes, ...registration } = await registerServices(context, stack, discovery, {
    dryRun,
    include,
  });
  const exit =
    exitOf(outcomes) === EXIT.done && registration.announcing === 'failed' ? EXIT.partial : exitOf(outcomes);
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
