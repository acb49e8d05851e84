import type { Register } from '../command.ts';
import { integer } from '../numbers.ts';

interface Options {
  dryRun: boolean;
  prune: boolean;
  adopt: boolean;
  atomic: boolean;
  prove: boolean;
  concurrency?: number;
}

export const sync: Register = (group, run) => {
  group
    .command('sync')
    .description('bring the gateway to what the stack declares; touches nothing that is not ours')
    .option('--dry-run', 'print what would be changed, and change nothing', false)
    .option('--prune', 'delete what is ours and no longer declared', false)
    .option('--adopt', 'take over what is declared and there, and not ours', false)
    .option('--atomic', 'all or nothing: when a change fails, put everything back and prove it', false)
    .option('--prove', 'send a request through each changed route', false)
    .option('--concurrency <n>', 'how many requests are in flight at most', integer(1, 256))
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(
      run<Options>(async (context, { dryRun, prune, adopt, atomic, prove, concurrency }) => {
        const [
          { applyRoutes, gatewayOf, planRoutes, proveChanges },
          { openStackHere },
          { exitOf },
          { EXIT },
        ] = await Promise.all([
          import('../../src/gateway/index.ts'),
          import('../../src/lifecycle/open.ts'),
          import('../outcomes.ts'),
          import('../../src/errors.ts'),
        ]);
        const stack = await openStackHere(context);
        const about = { subject: 'routes', stack: stack.name };
        if (dryRun) {
          const { changes, leftovers } = await planRoutes(context, stack, { prune, adopt });
          return { document: { kind: 'plan', ...about, changes, leftovers } };
        }
        const { withLock } = await import('../../src/lifecycle/lock.ts');
        return withLock(stack.root, 'routes sync', async () => {
          const plan = await planRoutes(context, stack, { prune, adopt });
          const outcomes = await applyRoutes(context, stack, plan, {
            atomic,
            ...(concurrency === undefined ? {} : { concurrency }),
          });
          const answers =
            prove && !context.interrupted.aborted
              ? await proveChanges(context, stack, outcomes, gatewayOf(stack).endpoint.url)
              : undefined;
          const exit = context.interrupted.aborted ? EXIT.interrupted : exitOf(outcomes);
          const silent = answers?.some(({ answered }) => !answered) === true;
          return {
            document: {
              kind: 'applied',
              ...about,
              outcomes,
              leftovers: plan.leftovers,
              ...(answers === undefined ? {} : { answers }),
            },
            exit: exit === EXIT.done && silent ? EXIT.findings : exit,
          };
        });
      }),
    );
};
