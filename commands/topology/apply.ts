import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';
import { repeated } from '../options/repeated.ts';

export const apply: Register = (group, run) => {
  group
    .command('apply')
    .description(OPERATIONS['topology apply'].about)
    .option('--dry-run', 'print what would be changed, and change nothing')
    .option('--prune', 'delete what is ours and no longer declared, but no queue that is used')
    .option('--drop <queue>', 'with --prune: delete this queue with what is in it (repeatable)', repeated)
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(run(operate('topology apply')));
};
