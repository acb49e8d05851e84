import type { Register } from './command.ts';

export const secrets: Register = (program, run) => {
  const group = program.command('secrets').description('keys and passwords of the stack');
  group
    .command('get')
    .argument('<name>', 'for example api-key')
    .description('print one secret')
    .action(
      run(async (context, _options, [name = '']) => {
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
        context.io.reveal(value);
        return {};
      }),
    );
};
