import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

export const plan: Register = (group, run) => {
  group
    .command('plan')
    .description(`${OPERATIONS['topology plan'].about}; exit code 2 when there is anything`)
    .option('--prune', 'count what is ours and no longer declared')
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(run(operate('topology plan')));
};
