import type { Strategy } from '../src/model/resource.ts';
import type { Register } from './command.ts';
import { integer } from './numbers.ts';

interface Options {
  apply: boolean;
  timeout: number;
  strategy?: Strategy;
  provider: string[];
  scale: string[];
  portBase?: number;
  dryRun: boolean;
  timing: boolean;
  acceptLoss: boolean;
}

const STRATEGIES: readonly Strategy[] = ['full_docker', 'hybrid', 'fallback'];

export const up: Register = (program, run) => {
  program
    .command('up')
    .argument('[names...]', 'resources and services, with what they need; all when left out')
    .description(
      'start the stack, apply migrations, topology and routes, and return when all of it is healthy',
    )
    .addOption(
      program
        .createOption('--strategy <name>', 'how the stack is run; decided by what the machine has otherwise')
        .choices(STRATEGIES),
    )
    .option(
      '--provider <name=provider>',
      'who provides a resource: docker, native, embedded, external; may be repeated',
      (given: string, before: string[]) => [...before, given],
      [],
    )
    .option(
      '--scale <name=count>',
      'how many instances of a service run, until "down"; may be repeated',
      (given: string, before: string[]) => [...before, given],
      [],
    )
    .option(
      '--port-base <number>',
      'added to every port of this checkout, from now on; QBTC_PORT_BASE does the same',
      integer(0, 50_000),
    )
    .option('--dry-run', 'print the plan, and change nothing', false)
    .option('--no-apply', 'leave migrations, topology and routes as they are')
    .option('--timeout <seconds>', 'how long each part may take until it is ready', integer(1, 3600), 60)
    .option(
      '--accept-loss',
      'start embedded parts without what is damaged in their data; it is kept aside there',
      false,
    )
    .option('--timing', 'print what took how long, and which chain of steps decided it', false)
    .option('--json', 'print the result as JSON, and the progress as JSON, one object a line, to stderr')
    .action(
      run<Options>(async (context, options, names) => {
        const { apply, timeout, strategy } = options;
        const [{ openStackHere }, { chooseParts }, { checkScale, parseProviders, parseScale }] =
          await Promise.all([
            import('../src/lifecycle/open.ts'),
            import('./parts.ts'),
            import('./wishes.ts'),
          ]);
        const scale = parseScale(options.scale);
        const stack = await openStackHere(context, {
          readOnly: options.dryRun,
          scale,
          ...(options.portBase === undefined ? {} : { portBase: options.portBase }),
        });
        checkScale(stack, scale);
        const wishes = {
          providers: parseProviders(stack, options.provider),
          ...(strategy === undefined ? {} : { strategy }),
        };
        const only = chooseParts(stack, names);
        if (options.dryRun) {
          const { planUp } = await import('../src/lifecycle/up-plan.ts');
          return {
            document: {
              kind: 'up-plan',
              ...(await planUp(context, stack, { wishes, only, applies: apply })),
            },
          };
        }
        const { up } = await import('../src/lifecycle/up.ts');
        const { timing, ...result } = await up(context, stack, {
          apply,
          timeoutMs: timeout * 1000,
          acceptLoss: options.acceptLoss,
          wishes,
          only,
          scale,
        });
        return { document: { kind: 'up', ...result, ...(options.timing ? { timing } : {}) } };
      }),
    );
};
