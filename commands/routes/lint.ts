import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

export const lint: Register = (group, run) => {
  group
    .command('lint')
    .description('look for mistakes in what is declared, without a gateway; exit code 2 for an error')
    .option('--strict', 'exit code 2 for a warning, too', false)
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(run(operate('routes lint')));
};
