import type { Register } from '../command.ts';

interface Options {
  prune: boolean;
}

export const plan: Register = (group, run) => {
  group
    .command('plan')
    .description('what `apply` would change, and what needs a migration; exit code 2 when there is anything')
    .option('--prune', 'count what is ours and no longer declared', false)
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(
      run<Options>(async (context, { prune }) => {
        const [{ planTopology }, { openStackHere }, { EXIT }] = await Promise.all([
          import('../../src/topology/index.ts'),
          import('../../src/lifecycle/open.ts'),
          import('../../src/errors.ts'),
        ]);
        const stack = await openStackHere(context);
        const { changes, leftovers, unmanaged, notMeasured } = await planTopology(context, stack, { prune });
        return {
          document: {
            kind: 'plan',
            subject: 'topology',
            stack: stack.name,
            changes,
            leftovers,
            unmanaged: { ...unmanaged },
            notMeasured,
          },
          exit: changes.length === 0 ? EXIT.done : EXIT.findings,
        };
      }),
    );
};
