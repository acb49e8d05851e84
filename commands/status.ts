import type { Register } from './command.ts';

export const status: Register = (program, run) => {
  program
    .command('status')
    .description('what runs, and whether it answers its protocol with its credentials')
    .option('--json', 'print the result as JSON')
    .action(
      run(async (context) => {
        const [{ observeResources }, { openStackHere }] = await Promise.all([
          import('../src/infra/index.ts'),
          import('./open.ts'),
        ]);
        const stack = await openStackHere(context);
        return {
          document: { kind: 'status', stack: stack.name, ...(await observeResources(context, stack)) },
        };
      }),
    );
};
