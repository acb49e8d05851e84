import type { Register } from './command.ts';
import { integer } from './numbers.ts';

export const restart: Register = (program, run) => {
  program
    .command('restart')
    .argument('[names...]', 'resources and services; all that is not adopted when left out')
    .description('end some of the stack, start it again, and return when it is ready')
    .option('--timeout <seconds>', 'how long each part may take until it is ready', integer(1, 3600), 60)
    .option('--json', 'print the result as JSON')
    .action(
      run<{ timeout: number }>(async (context, { timeout }, given) => {
        const [{ restart }, { openStackHere }, { chooseParts }, { adoptedParts }] = await Promise.all([
          import('../src/lifecycle/restart.ts'),
          import('../src/lifecycle/open.ts'),
          import('./parts.ts'),
          import('../src/lifecycle/stop.ts'),
        ]);
        const stack = await openStackHere(context);
        const adopted = await adoptedParts(context, stack);
        const all = [...stack.resources, ...stack.services].map(({ name }) => name);
        const names = given.length > 0 ? chooseParts(stack, given) : all.filter((name) => !adopted.has(name));
        const { timing: _, ...result } = await restart(context, stack, names, timeout * 1000);
        return { document: { kind: 'up', ...result } };
      }),
    );
};
