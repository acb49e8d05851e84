import type { Register } from './command.ts';
import { integer } from './numbers.ts';

interface Options {
  apply: boolean;
  timeout: number;
}

export const up: Register = (program, run) => {
  program
    .command('up')
    .description(
      'start the stack, apply migrations, topology and routes, and return when all of it is healthy',
    )
    .option('--no-apply', 'leave migrations, topology and routes as they are')
    .option('--timeout <seconds>', 'how long each part may take until it is ready', integer(1, 3600), 60)
    .option('--json', 'print the result as JSON')
    .action(
      run<Options>(async (context, { apply, timeout }) => {
        const [{ up }, { openStackHere }] = await Promise.all([
          import('../src/lifecycle/up.ts'),
          import('./open.ts'),
        ]);
        const result = await up(context, await openStackHere(context), { apply, timeoutMs: timeout * 1000 });
        return { document: { kind: 'up', ...result } };
      }),
    );
};
