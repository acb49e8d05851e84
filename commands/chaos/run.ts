import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';
import { writeReport } from '../report-file.ts';

interface Options {
  report?: string;
}

export const run: Register = (group, runHandler) => {
  group
    .command('run')
    .argument('<experiment>', 'its name (qbtc chaos list names them)')
    .description(OPERATIONS['chaos run'].about)
    .option('--report <file>', 'also write it as one page that needs nothing else')
    .option('--json', 'print the result as JSON')
    .action(
      runHandler<Options>(async (context, { report, ...options }, [experiment = '']) => {
        const outcome = await operate('chaos run', () => ({ experiment }))(context, options, []);
        const { document } = outcome;
        if (report !== undefined && document !== undefined)
          await writeReport(context, document, 'html', report);
        return outcome;
      }),
    );
};
