import type { Register } from '../command.ts';

export const undo: Register = (group, run) => {
  group
    .command('undo')
    .argument('[faults...]', 'the faults; all when left out')
    .description('take back what was injected')
    .option('--json', 'print the result as JSON')
    .action(
      run(async (context, _, names) => {
        const [{ undo }, { openStackHere }, { EXIT }] = await Promise.all([
          import('../../src/chaos/index.ts'),
          import('../../src/lifecycle/open.ts'),
          import('../../src/errors.ts'),
        ]);
        const stack = await openStackHere(context);
        const undone = await undo(context, stack, names);
        context.io.progress.stop();
        const failed = undone.filter(({ status }) => status === 'failed').length;
        return {
          document: { kind: 'undone', stack: stack.name, undone },
          exit: failed === 0 ? EXIT.done : failed < undone.length ? EXIT.partial : EXIT.error,
        };
      }),
    );
};
