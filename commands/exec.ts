import type { Register } from './command.ts';

export const exec: Register = (program, run) => {
  program
    .command('exec')
    .argument('<service>', 'a service, or a resource that runs in Docker')
    .argument('<command...>', 'the program and its arguments')
    .description(
      "run a command with a service's environment and folder, or in its container; exits as it does",
    )
    .passThroughOptions()
    .action(
      run(async (context, _options, [name = '', ...given]) => {
        // commander hands the mark on that ends the options.
        const [program = '', ...args] = given[0] === '--' ? given.slice(1) : given;
        const [{ execIn }, { openStackHere }, { chooseParts }] = await Promise.all([
          import('../src/lifecycle/exec.ts'),
          import('./open.ts'),
          import('./parts.ts'),
        ]);
        const stack = await openStackHere(context);
        chooseParts(stack, [name]);
        return { exit: await execIn(context, stack, name, [program, ...args]) };
      }),
    );
};
