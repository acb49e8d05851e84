import { MIGRATE_TIMEOUT } from '../../src/operations/bounds.ts';
import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';
import { number } from '../options/number.ts';

export const migrate: Register = (group, run) => {
  group
    .command('migrate')
    .description(OPERATIONS['topology migrate'].about)
    .argument('<queue>', 'the queue')
    .option(
      '--timeout <seconds>',
      'how long paused services may take to be ready again',
      number(MIGRATE_TIMEOUT),
      MIGRATE_TIMEOUT.default,
    )
    .option('--json', 'print the result as JSON')
    .action(
      run(
        operate<{ timeout: number }>('topology migrate', ({ timeout }, [queue = '']) => ({ queue, timeout })),
      ),
    );
};
