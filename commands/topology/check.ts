import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

export const check: Register = (group, run) => {
  group
    .command('check')
    .description('what the topology allows and its owner will regret; needs no broker')
    .option('--strict', 'exit code 2 for warnings, too', false)
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(run(operate('topology check')));
};
