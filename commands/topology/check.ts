import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';
import { noticeFiles, withReportFiles } from '../options/report-files.ts';

export const check: Register = (group, run) => {
  noticeFiles(
    group
      .command('check')
      .description(OPERATIONS['topology check'].about)
      .option('--strict', 'exit code 2 for warnings, too')
      .option('--json', 'print the result as JSON'),
  ).action(run(withReportFiles(operate('topology check'))));
};
