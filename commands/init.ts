import { QbtcError } from '../src/errors.ts';
import { PROBE_TIMEOUT } from '../src/operations/bounds.ts';
import { OPERATIONS } from '../src/operations/catalogue.ts';
import type { Register } from './command.ts';
import { operate } from './operate.ts';
import { number } from './options/number.ts';
import { checkTogether } from './options/together.ts';

interface Options {
  dryRun?: boolean;
  update?: boolean;
  probe?: boolean;
  timeout: number;
  yes?: boolean;
}

export const init: Register = (program, run) => {
  program
    .command('init')
    .description(OPERATIONS.init.about)
    .option('-y, --yes', 'ask nothing')
    .option('--dry-run', 'print what would be written, and write nothing')
    .option('--update', 'bring a qbtc.yaml that is there up to date, and keep what was changed in it')
    .option('--probe', 'start each service once, write what was seen of it, and end all of it again')
    .option(
      '--timeout <seconds>',
      'with --probe: how long each service may take until it listens',
      number(PROBE_TIMEOUT),
      PROBE_TIMEOUT.default,
    )
    .option('--json', 'print the result as JSON')
    .action(
      run<Options>(async (context, options, args) => {
        checkTogether('init', [
          options.dryRun === true &&
            options.probe === true &&
            '--dry-run starts nothing, --probe starts all of it',
        ]);
        const asks = context.io.interactive && !options.yes && !options.dryRun;
        const question = options.update ? 'Update qbtc.yaml?' : `Write qbtc.yaml into ${context.cwd}?`;
        if (asks && !(await context.prompts.confirm(question, { default: true })))
          throw new QbtcError('NOT_CONFIRMED', 'nothing was changed');
        const work = operate<Options>('init', ({ yes, ...input }) => input);
        return await work(context, options, args);
      }),
    );
};
