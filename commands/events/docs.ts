import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';
import { textOrFile } from './text.ts';

interface Options {
  out?: string;
}

export const docs: Register = (group, run) => {
  group
    .command('docs')
    .description(OPERATIONS['events docs'].about)
    .option('-o, --out <file>', 'write it there instead of printing it')
    .option('--json', 'print the result as JSON')
    .action(
      run<Options>(async (context, { out }) =>
        textOrFile(context, await operate('events docs')(context, {}, []), out),
      ),
    );
};
