import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operateOut } from '../operate-out.ts';

interface Options {
  all?: boolean;
  out?: string;
  force?: boolean;
}

export const dump: Register = (group, run) => {
  group
    .command('dump')
    .description(OPERATIONS['routes dump'].about)
    .option('--all', 'also what is not of this stack')
    .option('--out <file>', 'write it there (mode 0600) instead of printing it')
    .option('--force', 'replace the file when it is there')
    .option('--json', 'print the result as JSON')
    .action(run(operateOut<Options>('routes dump', ({ all }) => ({ all }))));
};
