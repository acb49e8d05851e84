import { QbtcError } from '../src/errors.ts';
import { OPERATIONS } from '../src/operations/catalogue.ts';
import type { Register } from './command.ts';
import { operate } from './operate.ts';

interface Options {
  yes?: boolean;
  dryRun?: boolean;
  install: boolean;
  allowDirty?: boolean;
  base?: string;
}

export const upgrade: Register = (program, run) => {
  program
    .command('upgrade')
    .description(OPERATIONS.upgrade.about)
    .option('-y, --yes', 'ask nothing')
    .option('--dry-run', 'print what would be changed, and change nothing')
    .option('--no-install', 'do not install the packages')
    .option('--allow-dirty', 'also change files that differ from the last commit')
    .option(
      '--base <commit>',
      'the commit in which qbtc new made the stack, or none, for a stack without qbtc.template.json',
    )
    .option('--json', 'print the result as JSON')
    .action(
      run<Options>(async (context, options, args) => {
        const asks = context.io.interactive && !options.yes && !options.dryRun;
        const { version } = context.installation;
        const question = `Bring this stack to the template of qbtc ${version}? (--dry-run shows what changes)`;
        if (asks && !(await context.prompts.confirm(question, { default: true })))
          throw new QbtcError('NOT_CONFIRMED', 'nothing was changed');
        const work = operate<Options>('upgrade', ({ yes, ...input }) => input);
        return await work(context, options, args);
      }),
    );
};
