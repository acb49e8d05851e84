import { PROVIDER_NAMES, STRATEGIES } from '../src/model/resource.ts';
import { INSPECT_PORT, PORT_BASE, READY_TIMEOUT } from '../src/operations/bounds.ts';
import { OPERATIONS } from '../src/operations/catalogue.ts';
import { askForSecrets } from './asked-secrets.ts';
import type { Register } from './command.ts';
import { operate } from './operate.ts';
import { number } from './options/number.ts';
import { repeated } from './options/repeated.ts';
import { checkTogether } from './options/together.ts';

interface Options {
  watch?: boolean;
  dryRun?: boolean;
  timing?: boolean;
  test?: string;
  check?: boolean;
  inspect?: string;
  inspectPort?: number;
}

export const up: Register = (program, run) => {
  program
    .command('up')
    .argument('[names...]', 'resources and services, with what they need; all when left out')
    .description(OPERATIONS.up.about)
    .addOption(
      program
        .createOption('--strategy <name>', 'how the stack is run; decided by what the machine has otherwise')
        .choices(STRATEGIES),
    )
    .option(
      '--provider <name=provider>',
      `who provides a resource: ${PROVIDER_NAMES.join(', ')}; may be repeated`,
      repeated,
    )
    .option(
      '--scale <name=count>',
      'how many instances of a service run, until "down"; may be repeated',
      repeated,
    )
    .option(
      '--port-base <number>',
      'added to every port of this checkout, from now on; QBTC_PORT_BASE does the same',
      number(PORT_BASE),
    )
    .option('--dry-run', 'print the plan, and change nothing')
    .option('--no-install', 'do not install the packages of a fresh clone')
    .option('--no-apply', 'leave migrations, topology and routes as they are')
    .option(
      '--timeout <seconds>',
      'how long each part may take until it is ready',
      number(READY_TIMEOUT),
      READY_TIMEOUT.default,
    )
    .option(
      '--accept-loss',
      'start embedded parts without what is damaged in their data; it is kept aside there',
    )
    .option('-w, --watch', 'go on until Ctrl-C, and bring each change that is saved to the stack')
    .option('--check', 'with --watch: check types, too; what runs is left as it is while they are wrong')
    .option('--test <tag>', 'with --watch: run the flows with this tag after each change')
    .option('--inspect <service>', 'with --watch: let a debugger attach to a service that Node runs')
    .option(
      '--inspect-port <port>',
      `with --inspect: where, on 127.0.0.1 (default: ${INSPECT_PORT.default})`,
      number(INSPECT_PORT),
    )
    .option('--timing', 'print what took how long, and which chain of steps decided it')
    .option('--json', 'print the result as JSON, and the progress as JSON, one object a line, to stderr')
    .action(
      run<Options>(async (context, { watch = false, ...options }, names) => {
        const { dryRun = false, timing = false, check, test, inspect, inspectPort, ...common } = options;
        checkTogether('up', [
          watch && dryRun && '--dry-run changes nothing, --watch goes on',
          watch && timing && '--timing is for one start, --watch goes on',
          !watch && check === true && '--check is for what --watch starts anew',
          !watch && test !== undefined && '--test says which flows --watch runs',
          !watch && inspect !== undefined && '--inspect is for what --watch starts anew',
          inspect === undefined && inspectPort !== undefined && '--inspect-port says where --inspect listens',
        ]);
        if (!dryRun) await askForSecrets(context);
        const watching = { check, test, inspect, inspectPort };
        const input = watch ? { ...common, ...watching } : { ...common, dryRun, timing };
        return operate<object>(watch ? 'up watch' : 'up', () => ({ ...input, names }))(context, options, []);
      }),
    );
};
