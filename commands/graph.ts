import { GRAPH_FORMATS } from '../src/model/graph.ts';
import { OPERATIONS } from '../src/operations/catalogue.ts';
import type { Register } from './command.ts';
import { operate } from './operate.ts';

export const graph: Register = (program, run) => {
  program
    .command('graph')
    .description(OPERATIONS.graph.about)
    .addOption(
      program.createOption('--format <format>', 'how it is drawn (default: text)').choices(GRAPH_FORMATS),
    )
    .option('--json', 'print nodes and edges as JSON')
    .action(run(operate('graph')));
};
