import type { Register } from './command.ts';

interface Options {
  dryRun: boolean;
}

export const topology: Register = (program, run) => {
  const group = program.command('topology').description('exchanges, queues and bindings of the broker');
  group
    .command('apply')
    .description('bring the broker to what infrastructure/rabbitmq/topology.yaml declares')
    .option('--dry-run', 'print what would be changed, and change nothing', false)
    .option('--json', 'print the result as JSON')
    .action(
      run<Options>(async (context, { dryRun }) => {
        const [{ applyTopology, planTopology }, { openStackHere }, { exitOf }] = await Promise.all([
          import('../src/topology/index.ts'),
          import('./open.ts'),
          import('./outcomes.ts'),
        ]);
        const stack = await openStackHere(context);
        const about = { subject: 'topology', stack: stack.name };
        if (dryRun) {
          const { changes } = await planTopology(context, stack);
          return { document: { kind: 'plan', ...about, changes } };
        }
        const { withLock } = await import('../src/lifecycle/lock.ts');
        return withLock(context, stack.root, 'topology apply', async () => {
          const outcomes = await applyTopology(context, stack, await planTopology(context, stack));
          return { document: { kind: 'applied', ...about, outcomes }, exit: exitOf(outcomes) };
        });
      }),
    );
};
