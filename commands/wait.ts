import { WAIT_TIMEOUT } from '../src/operations/bounds.ts';
import { OPERATIONS } from '../src/operations/catalogue.ts';
import type { Register } from './command.ts';
import { operate } from './operate.ts';
import { number } from './options/number.ts';
import { repeated } from './options/repeated.ts';

interface Options {
  for?: string[];
  timeout: number;
}

export const wait: Register = (program, run) => {
  program
    .command('wait')
    .argument('[names...]', 'resources and services that are to be healthy; all when left out')
    .description(OPERATIONS.wait.about)
    .option('--for <condition>', 'healthy, score=90 or flow=TAG; may be given several times', repeated)
    .option('--timeout <seconds>', 'how long it waits', number(WAIT_TIMEOUT), WAIT_TIMEOUT.default)
    .option('--json', 'print the result as JSON')
    .action(run(operate<Options>('wait', (options, names) => ({ ...options, names }))));
};
