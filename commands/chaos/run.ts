import type { Register } from '../command.ts';

interface Options {
  report?: string;
}

export const run: Register = (group, runHandler) => {
  group
    .command('run')
    .argument('<experiment>', 'its name (qbtc chaos list names them)')
    .description(
      'run an experiment under load: what was lost, what was away for how long, and was heal needed?',
    )
    .option('--report <file>', 'also write it as one page that needs nothing else')
    .option('--json', 'print the result as JSON')
    .action(
      runHandler<Options>(async (context, { report }, [name = '']) => {
        const [{ experimentNamed, loadExperiments, runExperiment }, { openStackHere }, { EXIT }, files] =
          await Promise.all([
            import('../../src/chaos/index.ts'),
            import('../../src/lifecycle/open.ts'),
            import('../../src/errors.ts'),
            import('../report-file.ts'),
          ]);
        const stack = await openStackHere(context);
        const experiment = experimentNamed(await loadExperiments(stack), name);
        const { progress } = context.io;
        const result = await runExperiment(context, stack, experiment, {
          onStep: (step) => progress.step(name, step),
        });
        progress.stop();
        const document = { kind: 'experiment' as const, ...result };
        if (report !== undefined) await files.writeReport(context, document, 'html', report);
        return { document, exit: result.findings.length === 0 ? EXIT.done : EXIT.findings };
      }),
    );
};
