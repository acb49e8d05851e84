import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

interface Options {
  data: string;
  key?: string;
  exchange?: string;
  correlation?: string;
}

export const publish: Register = (group, run) => {
  group
    .command('publish')
    .description(OPERATIONS['events publish'].about)
    .argument('<event>', 'the name of the event, such as service_gone')
    .requiredOption('-d, --data <json>', 'the data as JSON, @FILE to read a file, or - for standard input')
    .option('--key <routing key>', 'another routing key than that of the contract')
    .option('--exchange <name>', 'another exchange than that of the stack')
    .option('--correlation <id>', 'the correlation id; a new one when left out')
    .option('--json', 'print the result as JSON')
    .action(
      run<Options>(async (context, { data, ...options }, [type = '']) => {
        const input = {
          ...options,
          type,
          data: await (await import('./data.ts')).readData(context.cwd, data),
        };
        return operate('events publish', () => input)(context, options, []);
      }),
    );
};
