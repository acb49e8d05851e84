import type { Register } from '../command.ts';

interface Options {
  format: 'yaml' | 'definitions';
}

export const exportCommand: Register = (group, run) => {
  group
    .command('export')
    .description('the whole topology: as a file of ours, or as definitions that a RabbitMQ loads')
    .option('--format <format>', 'yaml or definitions', 'yaml')
    .option('--json', 'print the result as JSON')
    .action(
      run<Options>(async (context, { format }) => {
        const [{ exportTopology }, { openStackHere }, { EXIT, QbtcError }] = await Promise.all([
          import('../../src/topology/index.ts'),
          import('../../src/lifecycle/open.ts'),
          import('../../src/errors.ts'),
        ]);
        if (format !== 'yaml' && format !== 'definitions') {
          throw new QbtcError('BAD_FORMAT', `found the format "${String(format)}"`, {
            exit: EXIT.usage,
            hint: 'one of yaml, definitions',
          });
        }
        const stack = await openStackHere(context);
        const text = await exportTopology(stack, format);
        return { document: { kind: 'text', stack: stack.name, format, text } };
      }),
    );
};
