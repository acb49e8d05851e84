import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

export const apply: Register = (group, run) => {
  group
    .command('apply')
    .description('bring the broker to what the stack declares; what needs a migration is left as it is')
    .option('--dry-run', 'print what would be changed, and change nothing', false)
    .option('--prune', 'delete what is ours and no longer declared, but no queue that is used', false)
    .option(
      '--drop <queue>',
      'with --prune: delete this queue with what is in it (repeatable)',
      (queue: string, queues: string[]) => [...queues, queue],
      [],
    )
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(run(operate('topology apply')));
};
