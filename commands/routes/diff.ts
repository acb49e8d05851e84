import type { Register } from '../command.ts';

interface Options {
  prune: boolean;
  adopt: boolean;
}

export const diff: Register = (group, run) => {
  group
    .command('diff')
    .description('what `sync` would change; exit code 2 when there is anything')
    .option('--prune', 'count what is ours and no longer declared', false)
    .option('--adopt', 'count what is declared, there, and not ours', false)
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(
      run<Options>(async (context, { prune, adopt }) => {
        const [{ planRoutes }, { openStackHere }, { EXIT }] = await Promise.all([
          import('../../src/gateway/index.ts'),
          import('../../src/lifecycle/open.ts'),
          import('../../src/errors.ts'),
        ]);
        const stack = await openStackHere(context);
        const { changes, leftovers } = await planRoutes(context, stack, { prune, adopt });
        return {
          document: { kind: 'plan', subject: 'routes', stack: stack.name, changes, leftovers },
          exit: changes.length === 0 ? EXIT.done : EXIT.findings,
        };
      }),
    );
};
