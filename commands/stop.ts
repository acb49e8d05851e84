import type { Register } from './command.ts';

export const stop: Register = (program, run) => {
  program
    .command('stop')
    .argument('<names...>', 'resources and services')
    .description('end some of the stack; the rest goes on, and qbtc up starts them again')
    .option('--json', 'print the result as JSON')
    .action(
      run(async (context, _options, names) => {
        const [{ stop }, { openStackHere }, { chooseParts }] = await Promise.all([
          import('../src/lifecycle/stop.ts'),
          import('../src/lifecycle/open.ts'),
          import('./parts.ts'),
        ]);
        const stack = await openStackHere(context);
        return { document: { kind: 'stop', ...(await stop(context, stack, chooseParts(stack, names))) } };
      }),
    );
};
