import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

export const exportCommand: Register = (group, run) => {
  group
    .command('export')
    .description('the whole topology: as a file of ours, or as definitions that a RabbitMQ loads')
    .option('--format <format>', 'yaml or definitions', 'yaml')
    .option('--json', 'print the result as JSON')
    .action(run(operate('topology export')));
};
