import type { Register } from './command.ts';

export const down: Register = (program, run) => {
  program
    .command('down')
    .description('end every process of the stack; what was adopted goes on')
    .option('--volumes', 'remove the data too (database, queues)', false)
    .option('--json', 'print the result as JSON')
    .action(
      run<{ volumes: boolean }>(async (context, options) => {
        const [{ down }, { stackRootHere }] = await Promise.all([
          import('../src/lifecycle/down.ts'),
          import('../src/lifecycle/open.ts'),
        ]);
        const result = await down(context, await stackRootHere(context), options);
        return { document: { kind: 'down', ...result } };
      }),
    );
};
