import { EXPORT_FORMATS } from '../../src/model/import.ts';
import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operateOut } from '../operate-out.ts';

interface Options {
  live?: boolean;
  out?: string;
  force?: boolean;
}

export const exportCommand: Register = (group, run) => {
  group
    .command('export')
    .description(OPERATIONS['routes export'].about)
    .addArgument(group.createArgument('<format>', 'what reads the file').choices(EXPORT_FORMATS))
    .option('--live', 'what the gateway holds of this stack, not what is declared')
    .option('--out <file>', 'write it there (mode 0600) instead of printing it')
    .option('--force', 'replace the file when it is there')
    .option('--json', 'print the result as JSON')
    .action(run(operateOut<Options>('routes export', ({ live }, [format]) => ({ format, live }))));
};
