import { EXIT, QbtcError } from '../src/errors.ts';
import { INSPECT_PORT } from '../src/operations/bounds.ts';
import type { Register } from './command.ts';
import { number } from './options/number.ts';

interface Options {
  inspect?: boolean;
  inspectBrk?: boolean;
  inspectPort: number;
}

export const exec: Register = (program, run) => {
  program
    .command('exec')
    .argument('<service>', 'a service, or a resource that runs in Docker')
    .argument('[command...]', 'the program and its arguments; the service itself when left out')
    .description(
      "run a command with a service's environment and folder, or in its container; exits as it does",
    )
    .option('--inspect', 'run the service itself, and let a debugger attach')
    .option('--inspect-brk', 'the same, and wait for the debugger before its first line')
    .option(
      '--inspect-port <port>',
      'where the debugger attaches, on 127.0.0.1',
      number(INSPECT_PORT),
      INSPECT_PORT.default,
    )
    .passThroughOptions()
    .action(
      run<Options>(async (context, options, [name = '', ...given]) => {
        // commander hands the mark on that ends the options.
        const [program, ...args] = given[0] === '--' ? given.slice(1) : given;
        const flag = options.inspectBrk ? '--inspect-brk' : options.inspect ? '--inspect' : undefined;
        if (flag !== undefined && program !== undefined) throw besideCommand(flag, name);
        if (program?.startsWith('-') === true) throw behindService(program, name);
        const [{ execIn }, { openStackHere }, { chooseParts }] = await Promise.all([
          import('../src/lifecycle/exec.ts'),
          import('../src/lifecycle/open.ts'),
          import('../src/lifecycle/named.ts'),
        ]);
        const stack = await openStackHere(context);
        chooseParts(stack, [name]);
        const exit = await execIn(context, stack, name, {
          ...(program === undefined ? {} : { command: [program, ...args] }),
          ...(flag === undefined ? {} : { inspect: `${flag}=127.0.0.1:${options.inspectPort}` }),
        });
        return { exit };
      }),
    );
};

function besideCommand(flag: string, name: string): QbtcError {
  return new QbtcError('USAGE', `${flag} is for the service itself: no command can stand beside it`, {
    exit: EXIT.usage,
    hint: `qbtc exec ${flag} ${name}, or with a program of your own: qbtc exec ${name} -- node ${flag} FILE`,
  });
}

/** What stands behind the service is the program; none begins with a hyphen. */
function behindService(word: string, name: string): QbtcError {
  return new QbtcError('USAGE', `${word} stands where the program of the command should`, {
    exit: EXIT.usage,
    hint: `options of exec stand before the service: qbtc exec ${word} ${name}`,
  });
}
