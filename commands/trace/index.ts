import type { Register } from '../command.ts';
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
      run<Options>(async (context, { last, correlation }, [id]) => {
        const [{ findTrace }, { openStackHere }, { wantedFrom }] = await Promise.all([
          import('../../src/trace/index.ts'),
          import('../../src/lifecycle/open.ts'),
          import('./wanted.ts'),
        ]);
        const wanted = wantedFrom({ id, last, correlation });
        const stack = await openStackHere(context);
        return {
          document: { kind: 'trace', stack: stack.name, trace: await findTrace(context, stack, wanted) },
        };
      }),
    );
  ls(group, run);
};
