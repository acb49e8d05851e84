import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

export const undo: Register = (group, run) => {
  group
    .command('undo')
    .argument('[faults...]', 'the faults; all when left out')
    .description(OPERATIONS['chaos undo'].about)
    .option('--json', 'print the result as JSON')
    .action(run(operate('chaos undo', (_, faults) => ({ faults }))));
};
