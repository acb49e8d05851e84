import type { Register } from '../command.ts';
import { operate } from '../operate.ts';
import { ls } from './ls.ts';

interface Options {
  last: boolean;
  correlation?: string;
}

export const trace: Register = (program, run) => {
  const group = program
    .command('trace')
    .description('draw what one request set off, span by span')
    .argument('[id]', 'the id of the trace, or how it begins')
    .option('--last', 'the newest trace', false)
    .option('--correlation <id>', 'the newest trace of this correlation id')
    .option('--json', 'print the result as JSON')
    .action(
      run(operate<Options>('trace show', ({ last, correlation }, [id]) => ({ id, last, correlation }))),
    );
  ls(group, run);
};
