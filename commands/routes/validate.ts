import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';
import { noticeFiles, withReportFiles } from '../options/report-files.ts';

export const validate: Register = (group, run) => {
  noticeFiles(
    group
      .command('validate')
      .description(`${OPERATIONS['routes validate'].about}; exit code 2 when not`)
      .option('--json', 'print the result as JSON'),
  ).action(run(withReportFiles(operate('routes validate'))));
};
