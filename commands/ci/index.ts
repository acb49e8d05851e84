import { STRATEGIES } from '../../src/model/resource.ts';
import { POINTS, READY_TIMEOUT } from '../../src/operations/bounds.ts';
import type { Register } from '../command.ts';
import { number } from '../options/number.ts';
import type { CiOptions } from './journey.ts';

export const ci: Register = (program, run) => {
  program
    .command('ci')
    .description(
      'lint, up, test and score in a row, with a report for CI; goes on after what fails, and says it all',
    )
    .option('--report <folder>', 'where the report goes', 'qbtc-report')
    .addOption(
      program
        .createOption('--strategy <name>', 'how the stack is run; decided by what the machine has otherwise')
        .choices(STRATEGIES),
    )
    .option(
      '--timeout <seconds>',
      'how long each part may take until it is ready',
      number(READY_TIMEOUT),
      READY_TIMEOUT.default,
    )
    .option('--tag <tag>', 'only flows with this tag')
    .option('--min <points>', 'fail below this many points', number(POINTS))
    .option('--strict', 'fail for warnings of lint, and when anything could not be measured')
    .option('--no-regression', 'fail when the score is lower than the earlier one')
    .option('--down', 'end the stack when all is reported')
    .option('--json', 'print the result as JSON')
    .option(
      '--github',
      'print annotations, and write the summary and the outputs of the step of GitHub Actions',
    )
    .action(
      run<CiOptions>(async (context, options) => {
        const { runCi } = await import('./journey.ts');
        return runCi(context, options);
      }),
    );
};
