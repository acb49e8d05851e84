import { CONCURRENCY } from '../../src/operations/bounds.ts';
import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';
import { number } from '../options/number.ts';

export const sync: Register = (group, run) => {
  group
    .command('sync')
    .description(OPERATIONS['routes sync'].about)
    .option('--dry-run', 'print what would be changed, and change nothing')
    .option('--prune', 'delete what is ours and no longer declared')
    .option('--adopt', 'take over what is declared and there, and not ours')
    .option('--atomic', 'all or nothing: when a change fails, put everything back and prove it')
    .option('--prove', 'send a request through each changed route')
    .option('--concurrency <n>', 'how many requests are in flight at most', number(CONCURRENCY))
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(run(operate('routes sync')));
};
