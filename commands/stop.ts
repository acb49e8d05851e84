import type { Register } from './command.ts';
import { operate } from './operate.ts';

export const stop: Register = (program, run) => {
  program
    .command('stop')
    .argument('<names...>', 'resources and services')
    .description('end some of the stack; the rest goes on, and qbtc up starts them again')
    .option('--json', 'print the result as JSON')
    .action(run(operate('stop', (_, names) => ({ names }))));
};
