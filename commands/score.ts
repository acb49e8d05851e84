import { Option } from 'commander';
import { POINTS } from '../src/operations/bounds.ts';
import { OPERATIONS } from '../src/operations/catalogue.ts';
import type { Register } from './command.ts';
import { operate } from './operate.ts';
import { number } from './options/number.ts';
import { noticeFiles, withReportFiles } from './options/report-files.ts';

interface Options {
  min?: number;
  strict?: boolean;
  compare?: string;
  regression: boolean;
  explain?: string;
}

export const score: Register = (program, run) => {
  const judge = withReportFiles(operate<Options>('score'));
  noticeFiles(
    program
      .command('score')
      .description(`${OPERATIONS.score.about}; ends with 2 when a part is dead or a flow fails`)
      .option('--min <points>', 'end with 2 below this many points', number(POINTS))
      .option('--strict', 'end with 2 when anything could not be measured')
      .option('--compare <ref>', 'compare with an earlier score: last, a day or time, a commit', 'last')
      .option('--no-regression', 'end with 2 when it is lower than the earlier one')
      .option('--explain <code>', 'say what a check judges, and measure nothing')
      .option('--html <file>', 'also write it as one page that needs nothing else')
      .option('--junit <file>', 'also write it as JUnit XML, a case for each check')
      .option('--markdown', 'print the result as Markdown, for a pull request')
      .option('--prometheus', 'print the result as Prometheus metrics')
      .option('--json', 'print the result as JSON'),
  )
    .addOption(
      new Option('--reporter <name>', 'how the result is printed').choices([
        'terminal',
        'json',
        'junit',
        'html',
        'sarif',
        'code-quality',
      ]),
    )
    .action(
      run<Options>(async (context, { explain: code, ...options }) =>
        code === undefined
          ? judge(context, options, [])
          : operate('score check', () => ({ code }))(context, {}, []),
      ),
    );
};
