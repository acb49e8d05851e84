import type { Register } from '../command.ts';
import { number } from '../numbers.ts';
import { operate } from '../operate.ts';

export const migrate: Register = (group, run) => {
  group
    .command('migrate')
    .description('give a queue the declared type and arguments, without losing a message or the order')
    .argument('<queue>', 'the queue')
    .option(
      '--timeout <seconds>',
      'how long paused services may take to be ready again',
      number(1, 3600),
      120,
    )
    .option('--json', 'print the result as JSON')
    .action(
      run(
        operate<{ timeout: number }>('topology migrate', ({ timeout }, [queue = '']) => ({ queue, timeout })),
      ),
    );
};
