import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';
import { service } from './service.ts';

interface Options {
  dryRun?: boolean;
  install: boolean;
}

/** An add-on by its name; `service` is none. */
export const add: Register = (program, run) => {
  const group = program
    .command('add')
    .argument('<addon>', 'its name')
    .description(OPERATIONS.add.about)
    .option('--dry-run', 'print what would be laid, and change nothing')
    .option('--no-install', 'do not install the packages')
    .option('--json', 'print the result as JSON')
    .action(run(operate<Options>('add', ({ dryRun, install }, [name = '']) => ({ name, dryRun, install }))));
  service(group, run);
  // Options of a group win over those of the commands below it, and this one always has a value.
  group.hook('preAction', (parent, called) => {
    if (called === parent || parent.getOptionValueSource('install') === 'cli') return;
    parent.setOptionValue('install', called.getOptionValue('install'));
  });
};
