import type { Register } from './command.ts';

export const demo: Register = (program, run) => {
  program
    .command('demo')
    .description('the whole journey in a folder of its own: new, up, one chat request, test, score, down')
    .option('--json', 'print the result as JSON')
    .action(
      run(async (context) => {
        const [{ demo }, { EXIT }] = await Promise.all([
          import('../src/lifecycle/demo.ts'),
          import('../src/errors.ts'),
        ]);
        const { progress, err } = context.io;
        const { failure, ...result } = await demo(context, {
          onStep: (name, step) => {
            if (step === undefined) err(`\n── ${name} ${'─'.repeat(Math.max(0, 60 - name.length))}`);
            else if (step.status === 'done') progress.done(name, step.result);
            else progress.failed(name, step.result);
          },
        });
        progress.stop();
        if (failure !== undefined) throw failure;
        const { flows, score, target } = result;
        const proven = flows.length > 0 && flows.every(({ status }) => status === 'passed');
        return {
          document: { kind: 'demo', ...result },
          exit: proven && score?.failures.length === 0 && score.total >= target ? EXIT.done : EXIT.findings,
        };
      }),
    );
};
