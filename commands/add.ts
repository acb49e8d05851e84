import { OPERATIONS } from '../src/operations/catalogue.ts';
import type { Register } from './command.ts';
import { operate } from './operate.ts';

interface Options {
  dryRun?: boolean;
  install: boolean;
}

export const add: Register = (program, run) => {
  program
    .command('add')
    .argument('<addon>', 'its name')
    .description(OPERATIONS.add.about)
    .option('--dry-run', 'print what would be laid, and change nothing')
    .option('--no-install', 'do not install the packages')
    .option('--json', 'print the result as JSON')
    .action(run(operate<Options>('add', ({ dryRun, install }, [name = '']) => ({ name, dryRun, install }))));
};
