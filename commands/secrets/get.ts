import type { Register } from '../command.ts';

interface Options {
  json?: boolean;
}

export const get: Register = (group, run) => {
  group
    .command('get')
    .argument('<name>', 'for example api-key')
    .description('print one secret')
    .option('--json', 'print its name and value as JSON')
    .action(
      run<Options>(async (context, { json = false }, [name = '']) => {
        const { openStackHere } = await import('../../src/lifecycle/open.ts');
        const { secrets, name: stack } = await openStackHere(context);
        const value = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
        if (value === undefined) {
          const { secretUnknown } = await import('../../src/lifecycle/named.ts');
          throw secretUnknown(stack, name, Object.keys(secrets));
        }
        // A report would be masked: this is the one output that is not.
        context.io.reveal(json ? JSON.stringify({ name, value }, null, 2) : value);
        return {};
      }),
    );
};
