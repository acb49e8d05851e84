import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

export const plan: Register = (group, run) => {
  group
    .command('plan')
    .description('what `apply` would change, and what needs a migration; exit code 2 when there is anything')
    .option('--prune', 'count what is ours and no longer declared', false)
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(run(operate('topology plan')));
};
