import type { Register } from './command.ts';
import { integer } from './numbers.ts';
import { operate } from './operate.ts';

interface Options {
  json?: boolean;
}

interface RotateOptions extends Options {
  all: boolean;
  timeout: number;
}

export const secrets: Register = (program, run) => {
  const group = program.command('secrets').description('keys and passwords of the stack');
  group
    .command('get')
    .argument('<name>', 'for example api-key')
    .description('print one secret')
    .option('--json', 'print its name and value as JSON')
    .action(
      run<Options>(async (context, { json = false }, [name = '']) => {
        const { openStackHere } = await import('../src/lifecycle/open.ts');
        const { secrets, name: stack } = await openStackHere(context);
        const value = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
        if (value === undefined) {
          const { secretUnknown } = await import('../src/lifecycle/named.ts');
          throw secretUnknown(stack, name, Object.keys(secrets));
        }
        // A report would be masked: this is the one output that is not.
        context.io.reveal(json ? JSON.stringify({ name, value }, null, 2) : value);
        return {};
      }),
    );
  group
    .command('list')
    .description('what secrets the stack has, what each is for, and which services get it; never a value')
    .option('--json', 'print the result as JSON')
    .action(run(operate('secrets list')));
  group
    .command('rotate')
    .argument('[names...]', 'for example api-key')
    .description('put new values in the place of secrets, in the running stack')
    .option('--all', 'all that can be rotated', false)
    .option('--timeout <seconds>', 'how long each part may take until it is ready', integer(1, 3600), 60)
    .option('--json', 'print the result as JSON')
    .action(
      run(operate<RotateOptions>('secrets rotate', ({ all, timeout }, names) => ({ names, all, timeout }))),
    );
};
