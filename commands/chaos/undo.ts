import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

export const undo: Register = (group, run) => {
  group
    .command('undo')
    .argument('[faults...]', 'the faults; all when left out')
    .description('take back what was injected')
    .option('--json', 'print the result as JSON')
    .action(run(operate('chaos undo', (_, faults) => ({ faults }))));
};
