import { CONSUMER_LIMIT, CONSUMER_WINDOW } from '../../src/operations/bounds.ts';
import type { Register } from '../command.ts';
import { number } from '../options/number.ts';
import { revealKey } from './reveal-key.ts';

interface Options {
  json?: boolean;
  limit?: number;
  per: number;
}

export const add: Register = (group, run) => {
  group
    .command('add')
    .argument('<name>', 'letters, digits, _ and -')
    .description('make a consumer, put it into the gateway, and print its key')
    .option('--limit <requests>', 'how many requests it may make', number(CONSUMER_LIMIT))
    .option('--per <seconds>', 'in how many seconds', number(CONSUMER_WINDOW), CONSUMER_WINDOW.default)
    .option('--json', 'print its name and key as JSON')
    .action(
      run<Options>(async (context, { limit, per, json = false }, [name = '']) => {
        const { addConsumer } = await import('../../src/lifecycle/consumers.ts');
        const { openStackHere } = await import('../../src/lifecycle/open.ts');
        const added = await addConsumer(context, await openStackHere(context), name, {
          ...(limit === undefined ? {} : { limit: { count: limit, seconds: per } }),
        });
        return revealKey(context, name, added, json);
      }),
    );
};
