import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';
import { textOrFile } from './text.ts';

interface Options {
  out?: string;
}

export const asyncapi: Register = (group, run) => {
  group
    .command('asyncapi')
    .description(OPERATIONS['events asyncapi'].about)
    .option('-o, --out <file>', 'write it there instead of printing it')
    .option('--json', 'print the result as JSON')
    .action(
      run<Options>(async (context, { out }) =>
        textOrFile(context, await operate('events asyncapi')(context, {}, []), out),
      ),
    );
};
