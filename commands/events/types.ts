import type { Register } from '../command.ts';
import { operate } from '../operate.ts';
import { textOrFile } from './text.ts';

interface Options {
  out?: string;
}

export const types: Register = (group, run) => {
  group
    .command('types')
    .description('TypeScript types of the events')
    .option('-o, --out <file>', 'write it there instead of printing it')
    .option('--json', 'print the result as JSON')
    .action(
      run<Options>(async (context, { out }) =>
        textOrFile(context, await operate('events types')(context, {}, []), out),
      ),
    );
};
