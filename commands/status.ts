import type { Context } from '../src/context.ts';
import type { Register } from './command.ts';

interface Options {
  watch: boolean;
  json?: boolean;
}

const WATCH_MS = 2_000;
/** To the first cell, and everything behind it cleared (ECMA-48: CUP, ED). */
const REDRAW = '\u001b[H\u001b[J';

export const status: Register = (program, run) => {
  program
    .command('status')
    .description('what runs, and whether it answers its protocol with its credentials')
    .option('-w, --watch', 'look again every 2 seconds, until Ctrl-C', false)
    .option('--json', 'print the result as JSON; with --watch one object a line')
    .action(
      run<Options>(async (context, { watch, json = false }) => {
        const [{ observeResources }, { openStackHere }] = await Promise.all([
          import('../src/infra/index.ts'),
          import('./open.ts'),
        ]);
        const look = async () => {
          const stack = await openStackHere(context);
          return {
            kind: 'status' as const,
            stack: stack.name,
            ...(await observeResources(context, stack)),
          };
        };
        if (!watch) return { document: await look() };
        const { createReporter } = await import('../src/report/index.ts');
        const { io } = context;
        const print = createReporter(json ? 'json-lines' : 'terminal', {
          width: io.columns,
          color: io.color,
          verbose: false,
        });
        const end = AbortSignal.any([context.interrupted, io.unread]);
        while (!end.aborted) {
          const text = print(await look());
          io.out(io.interactive && !json ? `${REDRAW}${text}` : text);
          await pause(context, end);
        }
        return {};
      }),
    );
};

async function pause({ clock }: Context, end: AbortSignal): Promise<void> {
  await clock.sleep(WATCH_MS, end).catch(() => {});
}
