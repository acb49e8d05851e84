import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';
import { noticeFiles, withReportFiles } from '../options/report-files.ts';

export const validate: Register = (group, run) => {
  noticeFiles(
    group
      .command('validate')
      .description(OPERATIONS['events validate'].about)
      .argument('[files...]', 'JSON files, each with one event in its envelope')
      .option('--json', 'print the result as JSON'),
  ).action(run(withReportFiles(operate('events validate', (_, files) => ({ files })))));
};
