import type { Register } from './command.ts';
import { integer } from './numbers.ts';

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
        if (value === undefined) throw await unknown(stack, name, Object.keys(secrets));
        // A report would be masked: this is the one output that is not.
        context.io.reveal(json ? JSON.stringify({ name, value }, null, 2) : value);
        return {};
      }),
    );
  group
    .command('list')
    .description('what secrets the stack has, what each is for, and which services get it; never a value')
    .option('--json', 'print the result as JSON')
    .action(
      run(async (context) => {
        const [{ openStackHere }, { secretUses }] = await Promise.all([
          import('../src/lifecycle/open.ts'),
          import('../src/config/secret-uses.ts'),
        ]);
        const stack = await openStackHere(context);
        return { document: { kind: 'secrets', stack: stack.name, secrets: secretUses(stack) } };
      }),
    );
  group
    .command('rotate')
    .argument('[names...]', 'for example api-key')
    .description('put new values in the place of secrets, in the running stack')
    .option('--all', 'all that can be rotated', false)
    .option('--timeout <seconds>', 'how long each part may take until it is ready', integer(1, 3600), 60)
    .option('--json', 'print the result as JSON')
    .action(
      run<RotateOptions>(async (context, { all, timeout }, names) => {
        const [{ openStackHere }, { secretUses }, { rotate }, { EXIT, QbtcError }] = await Promise.all([
          import('../src/lifecycle/open.ts'),
          import('../src/config/secret-uses.ts'),
          import('../src/lifecycle/rotate.ts'),
          import('../src/errors.ts'),
        ]);
        const stack = await openStackHere(context);
        const uses = secretUses(stack);
        for (const name of names) {
          if (!uses.some((use) => use.name === name))
            throw await unknown(
              stack.name,
              name,
              uses.map((use) => use.name),
            );
        }
        if (all === names.length > 0) {
          throw new QbtcError('NAME_MISSING', 'which secrets are to be rotated?', {
            exit: EXIT.usage,
            hint: 'name them, or use --all; qbtc secrets list shows them',
          });
        }
        const chosen = all
          ? uses.filter(({ subject }) => subject.kind !== 'keyring').map(({ name }) => name)
          : names;
        return { document: { kind: 'rotated', ...(await rotate(context, stack, chosen, timeout * 1000)) } };
      }),
    );
};

async function unknown(stack: string, name: string, known: readonly string[]) {
  const [{ nearest }, { EXIT, QbtcError }] = await Promise.all([
    import('../src/config/mistake.ts'),
    import('../src/errors.ts'),
  ]);
  const near = nearest(name, known);
  return new QbtcError('SECRET_UNKNOWN', `${stack} has no secret named "${name}"`, {
    exit: EXIT.usage,
    hint: `${near === undefined ? '' : `did you mean "${near}"? `}known: ${known.join(', ')}`,
  });
}
