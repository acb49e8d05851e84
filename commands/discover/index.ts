import { SOURCE_NAMES } from '../../src/model/discovery.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';
import { checkTogether, type Options, portRange, sourceNames } from './options.ts';

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
        await checkTogether(options);
        return operate<Options>(({ watch, register }) =>
          watch ? 'discover watch' : register ? 'discover register' : 'discover list',
        )(context, options, []);
      }),
    );
};
