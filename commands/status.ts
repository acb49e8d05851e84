import type { Register } from './command.ts';

interface Options {
  watch: boolean;
  json?: boolean;
}

export const status: Register = (program, run) => {
  program
    .command('status')
    .description('what runs, and whether it answers its protocol with its credentials')
    .option(
      '-w, --watch',
      'look again every 2 seconds, with score, flows and what heal does, until Ctrl-C',
      false,
    )
    .option('--json', 'print the result as JSON; with --watch one object a line')
    .action(
      run<Options>(async (context, { watch, json = false }) => {
        const { openStackHere } = await import('../src/lifecycle/open.ts');
        if (watch) {
          const { watchStatus } = await import('./watch-status.ts');
          await watchStatus(context, () => openStackHere(context), json);
          return {};
        }
        const { observeResources } = await import('../src/observe/resources.ts');
        const stack = await openStackHere(context);
        const observed = await observeResources(context, stack);
        return { document: { kind: 'status', stack: stack.name, ...observed } };
      }),
    );
};
