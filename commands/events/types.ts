import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';
import { textOrFile } from './text.ts';

interface Options {
  out?: string;
}

export const types: Register = (group, run) => {
  group
    .command('types')
    .description(OPERATIONS['events types'].about)
    .argument('[folder]', 'contracts of a service; the event-schemas/ of the stack when left out')
    .option('-o, --out <file>', 'write it there instead of printing it')
    .option('--json', 'print the result as JSON')
    .action(
      run<Options>(async (context, { out }, [folder]) => {
        const types = operate('events types', () => (folder === undefined ? {} : { folder }));
        return textOrFile(context, await types(context, {}, []), out);
      }),
    );
};
