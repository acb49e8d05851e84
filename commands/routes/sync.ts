import type { Register } from '../command.ts';
import { integer } from '../numbers.ts';
import { operate } from '../operate.ts';

export const sync: Register = (group, run) => {
  group
    .command('sync')
    .description('bring the gateway to what the stack declares; touches nothing that is not ours')
    .option('--dry-run', 'print what would be changed, and change nothing', false)
    .option('--prune', 'delete what is ours and no longer declared', false)
    .option('--adopt', 'take over what is declared and there, and not ours', false)
    .option('--atomic', 'all or nothing: when a change fails, put everything back and prove it', false)
    .option('--prove', 'send a request through each changed route', false)
    .option('--concurrency <n>', 'how many requests are in flight at most', integer(1, 256))
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(run(operate('routes sync')));
};
