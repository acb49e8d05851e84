import { EVENTS } from '../../src/operations/bounds.ts';
import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';
import { number } from '../options/number.ts';

interface Options {
  type?: string;
  correlation?: string;
  exchange?: string;
  count?: number;
  json?: boolean;
}

export const tail: Register = (group, run) => {
  group
    .command('tail')
    .description(OPERATIONS['events tail'].about)
    .argument('[keys...]', 'binding keys such as llm.#; everything when left out')
    .option('--type <event>', 'only events of this type')
    .option('--correlation <id>', 'only events with this correlation id')
    .option('--exchange <name>', 'another exchange than that of the stack')
    .option('-n, --count <count>', 'end after so many', number(EVENTS))
    .option('--json', 'print one object a line')
    .action(
      run(
        operate<Options>('events tail', ({ type, correlation, exchange, count }, keys) => ({
          keys,
          type,
          correlation,
          exchange,
          count,
        })),
      ),
    );
};
