import { PORT } from '../src/operations/bounds.ts';
import { OPERATIONS } from '../src/operations/catalogue.ts';
import type { Register } from './command.ts';
import { operate } from './operate.ts';
import { number } from './options/number.ts';

interface Options {
  serve?: number;
}

export const metrics: Register = (program, run) => {
  program
    .command('metrics')
    .description(OPERATIONS.metrics.about)
    .option(
      '--serve <port>',
      'give them to Prometheus at http://127.0.0.1:<port>/metrics until Ctrl-C',
      number(PORT),
    )
    .option('--prometheus', 'print them as Prometheus metrics')
    .option('--json', 'print the result as JSON')
    .action(
      run<Options>(async (context, { serve, ...options }) => {
        if (serve === undefined) return operate('metrics')(context, options, []);
        const [{ observeMetrics }, { openStackHere }, { serveMetrics }] = await Promise.all([
          import('../src/observe/metrics.ts'),
          import('../src/lifecycle/open.ts'),
          import('./serve-metrics.ts'),
        ]);
        const stack = await openStackHere(context);
        await serveMetrics(context, serve, () => observeMetrics(context, stack));
        return {};
      }),
    );
};
