import type { Register } from '../command.ts';

interface Options {
  dryRun: boolean;
  prune: boolean;
  drop: string[];
}

export const apply: Register = (group, run) => {
  group
    .command('apply')
    .description('bring the broker to what the stack declares; what needs a migration is left as it is')
    .option('--dry-run', 'print what would be changed, and change nothing', false)
    .option('--prune', 'delete what is ours and no longer declared, but no queue that is used', false)
    .option(
      '--drop <queue>',
      'with --prune: delete this queue with what is in it (repeatable)',
      (queue: string, queues: string[]) => [...queues, queue],
      [],
    )
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(
      run<Options>(async (context, { dryRun, prune, drop }) => {
        const [{ applyTopology, planTopology }, { openStackHere }, { exitOf }, { EXIT, QbtcError }] =
          await Promise.all([
            import('../../src/topology/index.ts'),
            import('../../src/lifecycle/open.ts'),
            import('../outcomes.ts'),
            import('../../src/errors.ts'),
          ]);
        if (drop.length > 0 && !prune) {
          throw new QbtcError('DROP_WITHOUT_PRUNE', '--drop names queues that --prune may delete', {
            exit: EXIT.usage,
            hint: `add --prune to delete ${drop.join(', ')}, if the topology declares it no longer`,
          });
        }
        const stack = await openStackHere(context);
        const about = { subject: 'topology', stack: stack.name };
        if (dryRun) {
          const { changes, leftovers } = await planTopology(context, stack, { prune, drop });
          return { document: { kind: 'plan', ...about, changes, leftovers } };
        }
        const { withLock } = await import('../../src/lifecycle/lock.ts');
        return withLock(stack.root, 'topology apply', async () => {
          const planned = await planTopology(context, stack, { prune, drop });
          const { progress } = context.io;
          let ended = 0;
          const outcomes = await applyTopology(context, stack, planned, {
            onProgress: () => {
              ended += 1;
              progress.step('topology', `${ended} of ${planned.changes.length}`);
            },
          });
          progress.stop();
          const { leftovers } = planned;
          return { document: { kind: 'applied', ...about, outcomes, leftovers }, exit: exitOf(outcomes) };
        });
      }),
    );
};
