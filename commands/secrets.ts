import type { Register } from './command.ts';

interface Options {
  json?: boolean;
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
        const [{ openStackHere }, { nearest }, { EXIT, QbtcError }] = await Promise.all([
          import('./open.ts'),
          import('../src/config/mistake.ts'),
          import('../src/errors.ts'),
        ]);
        const { secrets, name: stack } = await openStackHere(context);
        const value = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
        if (value === undefined) {
          const near = nearest(name, Object.keys(secrets));
          throw new QbtcError('SECRET_UNKNOWN', `${stack} has no secret named "${name}"`, {
            exit: EXIT.usage,
            hint: `${near === undefined ? '' : `did you mean "${near}"? `}known: ${Object.keys(secrets).join(', ')}`,
          });
        }
        // A report would be masked: this is the one output that is not.
        context.io.reveal(json ? JSON.stringify({ name, value }, null, 2) : value);
        return {};
      }),
    );
};
