import { OPERATIONS } from '../src/operations/catalogue.ts';
import type { Register } from './command.ts';
import { operate } from './operate.ts';
import { noticeFiles, withReportFiles } from './options/report-files.ts';

export const doctor: Register = (program, run) => {
  noticeFiles(
    program
      .command('doctor')
      .description(OPERATIONS.doctor.about)
      .option('--json', 'print the result as JSON'),
  ).action(run(withReportFiles(operate('doctor'))));
};
