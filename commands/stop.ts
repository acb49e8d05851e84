import { OPERATIONS } from '../src/operations/catalogue.ts';
import type { Register } from './command.ts';
import { operate } from './operate.ts';

export const stop: Register = (program, run) => {
  program
    .command('stop')
    .argument('<names...>', 'resources and services')
    .description(OPERATIONS.stop.about)
    .option('--json', 'print the result as JSON')
    .action(run(operate('stop', (_, names) => ({ names }))));
};
