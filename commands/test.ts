import type { Register } from './command.ts';

interface Options {
  only?: string;
  tag?: string;
}

export const test: Register = (program, run) => {
  program
    .command('test')
    .description('run the flows: one correlation id followed through HTTP, AMQP and SQL')
    .option('--only <flow>', 'only the flow of this name')
    .option('--tag <tag>', 'only flows with this tag')
    .option('--json', 'print the result as JSON')
    .action(
      run<Options>(async (context, { only, tag }) => {
        const [{ runFlows, subjectsOf }, { openStackHere }, { EXIT }] = await Promise.all([
          import('../src/flow/index.ts'),
          import('./open.ts'),
          import('../src/errors.ts'),
        ]);
        const stack = await openStackHere(context);
        const flows = await runFlows(context, stack, {
          only,
          tag,
          subjects: subjectsOf(context, stack),
        });
        const failed = flows.some(({ status }) => status === 'failed');
        return { document: { kind: 'flows', flows }, exit: failed ? EXIT.findings : EXIT.done };
      }),
    );
};
