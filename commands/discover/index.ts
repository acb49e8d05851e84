import { SOURCE_NAMES } from '../../src/model/discovery.ts';
import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';
import { repeated } from '../options/repeated.ts';
import { checkOptions, type Options, portRange, sourceNames } from './options.ts';

export const discover: Register = (program, run) => {
  program
    .command('discover')
    .description(OPERATIONS['discover list'].about)
    .option(
      '--source <names>',
      `ask these only, with commas between: ${SOURCE_NAMES.join(', ')}`,
      sourceNames,
    )
    .option('--port-range <range>', 'look at these ports only, as 8000-8999', portRange)
    .option('--host <host>', 'look at the ports of another host, by connecting to each')
    .option('--scan', 'connect to each port instead of reading the table of sockets')
    .option('--all', 'also list what listens and is no service')
    .option('--explain <name>', 'tell all that is known of one service')
    .option('--register', OPERATIONS['discover register'].about)
    .option('--dry-run', 'with --register: print what would be changed, and change nothing')
    .option(
      '--include <name>',
      'with --register: also this service, which nobody has brought in; as often as needed',
      repeated,
    )
    .option('--watch', 'go on, and tell each change; with --register follow it')
    .option('--json', 'print the result as JSON; with --watch one object a line')
    .action(
      run<Options>(async (context, options, args) => {
        checkOptions(options);
        const { watch, register, ...rest } = options;
        if (watch) return operate('discover watch')(context, { ...rest, register }, args);
        return operate(register ? 'discover register' : 'discover list')(context, rest, args);
      }),
    );
};
