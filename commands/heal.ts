import type { Register } from './command.ts';
import { integer, number } from './numbers.ts';

interface Options {
  dryRun: boolean;
  watch: boolean;
  retry: boolean;
  below?: number;
  every?: number;
  timeout: number;
  json?: boolean;
}

export const heal: Register = (program, run) => {
  program
    .command('heal')
    .description('mend what is broken, root cause first, and prove it; what is not ours is left alone')
    .option('--dry-run', 'say what would be done, and change nothing', false)
    .option('-w, --watch', 'go on until Ctrl-C, and act when the score falls below the bar', false)
    .option('--below <points>', 'with --watch: the bar (default: heal.below of qbtc.yaml)', number(0, 100))
    .option(
      '--every <seconds>',
      'with --watch: between two looks (default: heal.every of qbtc.yaml)',
      number(1, 86_400),
    )
    .option('--retry', 'try again what was given up', false)
    .option('--timeout <seconds>', 'how long each part may take until it is ready', integer(1, 3600), 30)
    .option('--json', 'print the result as JSON; with --watch one object a line')
    .action(
      run<Options>(async (context, { dryRun, watch, retry, below, every, timeout, json = false }) => {
        const [{ openStackHere }, { EXIT }] = await Promise.all([
          import('../src/lifecycle/open.ts'),
          import('../src/errors.ts'),
        ]);
        const stack = await openStackHere(context);
        const timeoutMs = timeout * 1000;
        if (watch) {
          const [{ watchAndHeal }, { openPrinter }] = await Promise.all([
            import('../src/heal/watch.ts'),
            import('./printer.ts'),
          ]);
          const { clock } = context;
          const print = await openPrinter(context, 'heal-watch', { json });
          await watchAndHeal(context, stack, {
            timeoutMs,
            below: below ?? stack.heal.below,
            every: every ?? stack.heal.every,
            onEvent: (event) => print({ at: new Date(clock.now()).toISOString(), ...event }),
          });
          return {};
        }
        const { heal } = await import('../src/heal/index.ts');
        const { progress } = context.io;
        const result = await heal(context, stack, {
          dryRun,
          retry,
          timeoutMs,
          onRepair: ({ remedy, problem }, outcome) => {
            const name = `${remedy} ${problem.subject}`;
            if (outcome === undefined) progress.step(name, problem.reason);
            else if (outcome.status === 'failed') progress.failed(name, outcome.said);
            else progress.done(name, outcome.said);
          },
        });
        progress.stop();
        const helped = result.outcomes.some(({ status }) => status === 'helped');
        const exit = result.left.length === 0 ? EXIT.done : helped ? EXIT.partial : EXIT.findings;
        return { document: { kind: 'heal', ...result }, exit };
      }),
    );
};
