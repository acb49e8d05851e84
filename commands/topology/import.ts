import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

interface Options {
  live?: boolean;
  vhost?: string;
  into?: string;
  dryRun?: boolean;
}

export const importCommand: Register = (group, run) => {
  group
    .command('import')
    .description(OPERATIONS['topology import'].about)
    .argument('[file]', 'definitions.json, of a broker or of one vhost')
    .option('--live', 'ask the broker of the stack, by its management API')
    .option('--vhost <name>', 'the vhost to take, where there are several')
    .option('--into <file>', 'the topology file to add to (default: that of the stack)')
    .option('--dry-run', 'print what would come, and write nothing')
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(run(operate<Options>('topology import', (options, [file]) => ({ ...options, file }))));
};
