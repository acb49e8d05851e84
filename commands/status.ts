import { OPERATIONS } from '../src/operations/catalogue.ts';
import type { Register } from './command.ts';
import { operate } from './operate.ts';

export const status: Register = (program, run) => {
  program
    .command('status')
    .description(OPERATIONS.status.about)
    .option('-w, --watch', 'look again every 2 seconds, with score, flows and what heal does, until Ctrl-C')
    .option('--json', 'print the result as JSON; with --watch one object a line')
    .action(
      run(
        operate<{ watch?: boolean }>(
          ({ watch }) => (watch ? 'status watch' : 'status'),
          ({ watch: _, ...options }) => options,
        ),
      ),
    );
};
