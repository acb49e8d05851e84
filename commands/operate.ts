import type { OperationName } from '../src/operations/index.ts';
import type { Handler } from './command.ts';

/** What the command line says of how the outcome is told; no operation is asked with it. */
interface Told {
  json?: boolean;
  github?: boolean;
  markdown?: boolean;
  prometheus?: boolean;
  reporter?: string;
  verbose?: boolean;
}

/** The work of a command that is an operation: its flags are the input, and nothing else is done here. */
export function operate<Options extends object>(
  name: OperationName | ((options: Options) => OperationName),
  toInput: (options: Options, args: string[]) => object = (options) => options,
): Handler<Options> {
  return async (context, options, args) => {
    const { runOperation } = await import('../src/operations/index.ts');
    const chosen = typeof name === 'string' ? name : name(options);
    const { json, github, markdown, prometheus, reporter, verbose, ...input } = toInput(
      options,
      args,
    ) as Told;
    return runOperation(context, chosen, input, async (kind) => {
      const { openPrinter } = await import('./printer.ts');
      return openPrinter(context, kind, options as Told);
    });
  };
}
