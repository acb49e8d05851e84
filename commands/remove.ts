import { QbtcError } from '../src/errors.ts';
import { OPERATIONS } from '../src/operations/catalogue.ts';
import type { Register } from './command.ts';
import { operate } from './operate.ts';

interface Options {
  dryRun?: boolean;
  yes?: boolean;
}

export const remove: Register = (program, run) => {
  program
    .command('remove')
    .argument('<addon>', 'its name')
    .description(OPERATIONS.remove.about)
    .option('-y, --yes', 'ask nothing')
    .option('--dry-run', 'print what would be taken away, and change nothing')
    .option('--json', 'print the result as JSON')
    .action(
      run<Options>(async (context, options, args) => {
        const [name = ''] = args;
        const asks = context.io.interactive && !options.yes && !options.dryRun;
        if (asks && !(await context.prompts.confirm(`Take ${name} out of this stack?`)))
          throw new QbtcError('NOT_CONFIRMED', 'nothing was changed');
        const work = operate<Options>('remove', ({ dryRun }) => ({ name, dryRun }));
        return await work(context, options, args);
      }),
    );
};
