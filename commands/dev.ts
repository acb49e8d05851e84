import { INSPECT_PORT, READY_TIMEOUT } from '../src/operations/bounds.ts';
import { OPERATIONS } from '../src/operations/catalogue.ts';
import { askForSecrets } from './asked-secrets.ts';
import type { Register } from './command.ts';
import { operate } from './operate.ts';
import { number } from './options/number.ts';

export const dev: Register = (program, run) => {
  program
    .command('dev')
    .argument('[names...]', 'resources and services, with what they need; all when left out')
    .description(`${OPERATIONS['up watch'].about}; the same as up --watch`)
    .option('--check', 'check types, too: what runs is left as it is while they are wrong')
    .option('--test <tag>', 'run the flows with this tag after each change')
    .option('--inspect <service>', 'let a debugger attach to a service that Node runs')
    .option(
      '--inspect-port <port>',
      'with --inspect: where, on 127.0.0.1',
      number(INSPECT_PORT),
      INSPECT_PORT.default,
    )
    .option(
      '--timeout <seconds>',
      'how long each part may take until it is ready',
      number(READY_TIMEOUT),
      READY_TIMEOUT.default,
    )
    .option('--json', 'print what happens as JSON, one object a line')
    .action(
      run<object>(async (context, options, names) => {
        await askForSecrets(context);
        return operate<object>('up watch', () => ({ ...options, names }))(context, options, []);
      }),
    );
};
