import type { Register } from './command.ts';
import { integer } from './numbers.ts';

interface Options {
  follow: boolean;
  lines: number;
  json?: boolean;
}

export const logs: Register = (program, run) => {
  program
    .command('logs')
    .argument('[names...]', 'resources and services; all when left out')
    .description('what the processes of the stack wrote, in the order of time')
    .option('-n, --lines <count>', 'how many of the last lines', integer(1, 100_000), 100)
    .option('-f, --follow', 'go on with what is written from now on', false)
    .option('--json', 'print JSON; with --follow one object a line')
    .action(
      run<Options>(async (context, options, given) => {
        const [
          { followLogs, logPositions, readLogs },
          { chooseProcesses },
          { openStackHere },
          { createReporter },
        ] = await Promise.all([
          import('../src/infra/index.ts'),
          import('./processes.ts'),
          import('./open.ts'),
          import('../src/report/index.ts'),
        ]);
        const stack = await openStackHere(context);
        const names = chooseProcesses(stack, given);
        const positions = options.follow ? await logPositions(stack.root, names) : undefined;
        const lines = await readLogs(stack.root, names, options.lines, positions);
        if (!options.follow) return { document: { kind: 'logs', lines } };

        const { io } = context;
        const print = createReporter(options.json === true ? 'json-lines' : 'terminal', {
          width: io.columns,
          color: io.color,
          verbose: false,
        });
        const show = (line: (typeof lines)[number]) => io.out(print({ kind: 'logs', lines: [line] }));
        for (const line of lines) show(line);
        const end = AbortSignal.any([context.interrupted, io.unread]);
        await followLogs(context, stack.root, names, show, end, positions);
        return {};
      }),
    );
};
