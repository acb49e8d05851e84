import type { OperationName } from '../src/operations/index.ts';
import type { Handler } from './command.ts';

/** What the command line says of how it is told. */
interface Told {
  json?: boolean;
  verbose?: boolean;
}

/**
 * The work of a command that is an operation: its flags are the input, and nothing else is done here. What the operation
 * does not know of them is left out there.
 */
export function operate<Options extends object>(
  name: OperationName | ((options: Options) => OperationName),
  toInput: (options: Options, args: string[]) => object = (options) => options,
): Handler<Options> {
  return async (context, options, args) => {
    const { runOperation } = await import('../src/operations/index.ts');
    const chosen = typeof name === 'string' ? name : name(options);
    return runOperation(context, chosen, toInput(options, args), async (kind) => {
      const { openPrinter } = await import('./printer.ts');
      return openPrinter(context, kind, options as Told);
    });
  };
}
