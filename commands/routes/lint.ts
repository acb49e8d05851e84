import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';
import { noticeFiles, withReportFiles } from '../options/report-files.ts';

export const lint: Register = (group, run) => {
  noticeFiles(
    group
      .command('lint')
      .description(`${OPERATIONS['routes lint'].about}; exit code 2 for an error`)
      .option('--strict', 'exit code 2 for a warning, too')
      .option('--json', 'print the result as JSON'),
  ).action(run(withReportFiles(operate('routes lint'))));
};
