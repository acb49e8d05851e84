import { TOPOLOGY_FORMATS } from '../../src/model/topology.ts';
import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

export const exportCommand: Register = (group, run) => {
  group
    .command('export')
    .description(OPERATIONS['topology export'].about)
    .addOption(
      group.createOption('--format <format>', 'how it is written').choices(TOPOLOGY_FORMATS).default('yaml'),
    )
    .option('--json', 'print the result as JSON')
    .action(run(operate('topology export')));
};
