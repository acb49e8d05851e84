import { READY_TIMEOUT } from '../../src/operations/bounds.ts';
import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';
import { number } from '../options/number.ts';

interface Options {
  all?: boolean;
  timeout: number;
}

export const rotate: Register = (group, run) => {
  group
    .command('rotate')
    .argument('[names...]', 'for example api-key')
    .description(OPERATIONS['secrets rotate'].about)
    .option('--all', 'all that can be rotated')
    .option(
      '--timeout <seconds>',
      'how long each part may take until it is ready',
      number(READY_TIMEOUT),
      READY_TIMEOUT.default,
    )
    .option('--json', 'print the result as JSON')
    .action(run(operate<Options>('secrets rotate', ({ all, timeout }, names) => ({ names, all, timeout }))));
};
