import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

export const diff: Register = (group, run) => {
  group
    .command('diff')
    .description(`${OPERATIONS['routes diff'].about}; exit code 2 when there is anything`)
    .option('--prune', 'count what is ours and no longer declared')
    .option('--adopt', 'count what is declared, there, and not ours')
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(run(operate('routes diff')));
};
