import { COMPATIBILITIES } from '../../src/model/contract.ts';
import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';
import { noticeFiles, withReportFiles } from '../options/report-files.ts';

export const diff: Register = (group, run) => {
  noticeFiles(
    group
      .command('diff')
      .description(`${OPERATIONS['events diff'].about}; exit code 2 when somebody cannot`)
      .option('--against <ref>', 'a commit, branch or tag, or a folder with schemas', 'HEAD')
      .addOption(
        group
          .createOption(
            '--compatibility <kind>',
            'backward: who has the new contracts reads old events; forward: who has the old ones reads new events',
          )
          .choices(COMPATIBILITIES)
          .default('full'),
      )
      .option('--json', 'print the result as JSON'),
  ).action(run(withReportFiles(operate('events diff'))));
};
