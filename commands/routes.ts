import type { Register } from './command.ts';

interface Options {
  dryRun: boolean;
  prune: boolean;
}

export const routes: Register = (program, run) => {
  const group = program.command('routes').description('routes, upstreams and consumers of the gateway');
  group
    .command('sync')
    .description('bring the gateway to what qbtc.yaml declares; touches nothing that is not ours')
    .option('--dry-run', 'print what would be changed, and change nothing', false)
    .option('--prune', 'delete what is ours and no longer declared', false)
    .option('--json', 'print the result as JSON')
    .action(
      run<Options>(async (context, { dryRun, prune }) => {
        const [{ applyRoutes, planRoutes }, { openStackHere }, { exitOf }] = await Promise.all([
          import('../src/gateway/index.ts'),
          import('./open.ts'),
          import('./outcomes.ts'),
        ]);
        const stack = await openStackHere(context);
        const about = { subject: 'routes', stack: stack.name };
        const plan = await planRoutes(context, stack, { prune });
        const { changes, leftovers } = plan;
        if (dryRun) return { document: { kind: 'plan', ...about, changes, leftovers } };
        const outcomes = await applyRoutes(context, stack, plan);
        return { document: { kind: 'applied', ...about, outcomes, leftovers }, exit: exitOf(outcomes) };
      }),
    );
};
