import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

interface Options {
  previous?: boolean;
}

export const revoke: Register = (group, run) => {
  group
    .command('revoke')
    .argument('<name>', 'a consumer that was added')
    .description(OPERATIONS['consumers revoke'].about)
    .option('--previous', 'only the key from before the last rotation')
    .option('--json', 'print the result as JSON')
    .action(run(operate<Options>('consumers revoke', ({ previous }, [name = '']) => ({ name, previous }))));
};
