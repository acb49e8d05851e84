import { OPERATIONS } from '../src/operations/catalogue.ts';
import type { Register } from './command.ts';
import { operate } from './operate.ts';

interface Options {
  dryRun?: boolean;
  install: boolean;
}

export const addAddon: Register = (program, run) => {
  program
    .command('add')
    .argument('<addon>', 'its name')
    .description(OPERATIONS.add.about)
    .option('--dry-run', 'print what would be laid, and change nothing')
    .option('--no-install', 'do not install the packages')
    .option('--json', 'print the result as JSON')
    .action(run(operate<Options>('add', ({ dryRun, install }, [name = '']) => ({ name, dryRun, install }))));
};

interface RemoveOptions {
  dryRun?: boolean;
  yes?: boolean;
}

export const removeAddon: Register = (program, run) => {
  program
    .command('remove')
    .argument('<addon>', 'its name')
    .description(OPERATIONS.remove.about)
    .option('-y, --yes', 'ask nothing')
    .option('--dry-run', 'print what would be taken away, and change nothing')
    .option('--json', 'print the result as JSON')
    .action(
      run<RemoveOptions>(async (context, options, args) => {
        const [name = ''] = args;
        const asks = context.io.interactive && !options.yes && !options.dryRun;
        if (asks && !(await context.prompts.confirm(`Take ${name} out of this stack?`))) {
          const { QbtcError } = await import('../src/errors.ts');
          throw new QbtcError('NOT_CONFIRMED', 'nothing was changed');
        }
        const work = operate<RemoveOptions>('remove', ({ dryRun }) => ({ name, dryRun }));
        return await work(context, options, args);
      }),
    );
};
