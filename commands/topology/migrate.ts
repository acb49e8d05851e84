import type { Register } from '../command.ts';
import { number } from '../numbers.ts';

interface Options {
  timeout: number;
}

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
      run<Options>(async (context, { timeout }, [queue = '']) => {
        const [{ migrate: migrateHere }, { openStackHere }] = await Promise.all([
          import('../../src/lifecycle/migrate.ts'),
          import('../../src/lifecycle/open.ts'),
        ]);
        const stack = await openStackHere(context);
        const report = await migrateHere(context, stack, queue, timeout * 1000);
        return { document: { kind: 'migrated', stack: stack.name, ...report } };
      }),
    );
};
