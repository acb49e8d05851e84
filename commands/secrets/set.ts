import type { Register } from '../command.ts';

export const set: Register = (group, run) => {
  group
    .command('set')
    .argument('<name>', 'for example api-key')
    .description('give a secret the value that is typed, or that comes on standard input')
    .action(
      run(async (context, _options, [name = '']) => {
        const [{ setSecret }, { buffer }, { decodeText }] = await Promise.all([
          import('../../src/lifecycle/own-secrets.ts'),
          import('node:stream/consumers'),
          import('../../src/text-file.ts'),
        ]);
        const value = context.io.interactive
          ? await context.prompts.secret(name)
          : // What comes out of a file or `echo` ends with a line break that is none of it.
            decodeText(await buffer(process.stdin), 'standard input').replace(/\r?\n$/, '');
        await setSecret(context, name, value);
        context.io.err(`${name} has a new value: qbtc up brings it to what runs`);
        return {};
      }),
    );
};
