import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

export const graph: Register = (group, run) => {
  group
    .command('graph')
    .description('the topology as a Mermaid flowchart')
    .option('--json', 'print the result as JSON')
    .action(run(operate('topology graph')));
};
