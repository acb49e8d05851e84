import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';
import { ls } from './ls.ts';

interface Options {
  last?: boolean;
  correlation?: string;
}

export const trace: Register = (program, run) => {
  const group = program
    .command('trace')
    .description(OPERATIONS['trace show'].about)
    .argument('[id]', 'the id of the trace, or how it begins')
    .option('--last', 'the newest trace')
    .option('--correlation <id>', 'the newest trace of this correlation id')
    .option('--json', 'print the result as JSON')
    .action(
      run(operate<Options>('trace show', ({ last, correlation }, [id]) => ({ id, last, correlation }))),
    );
  ls(group, run);
};
