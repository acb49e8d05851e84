import type { Strategy } from '../src/model/resource.ts';
import type { Register } from './command.ts';
import { integer } from './numbers.ts';
import { operate } from './operate.ts';

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
    .action(run(operate('up', (options, names) => ({ ...options, names }))));
};
