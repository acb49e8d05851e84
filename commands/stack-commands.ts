import type { Command } from 'commander';
import { EXIT, QbtcError } from '../src/errors.ts';
import type { Run } from './command.ts';

const HELP = new Set(['-h', '--help', 'help']);

/**
 * Adds the commands of the stack to the program, where the first word of the command line is none of ours, or help is
 * wanted: for every other command the file is not even read. One with the name of ours is left out.
 */
export async function addStackCommands(
  program: Command,
  run: Run,
  { words, cwd }: { words: readonly string[]; cwd: string },
): Promise<void> {
  const first = words.find((word) => !word.startsWith('-'));
  const own = new Set(program.commands.flatMap((command) => [command.name(), ...command.aliases()]));
  if (first !== undefined && own.has(first)) return;
  if (first === undefined && !words.some((word) => HELP.has(word)) && words.length > 0) return;
  const { readCommands } = await import('../src/config/commands.ts');
  for (const { name, description } of await readCommands(cwd)) {
    if (own.has(name)) continue;
    program
      .command(name)
      .argument('[arguments...]', 'passed on as they are')
      .description(`${description} (of this stack)`)
      .helpOption(false)
      .allowUnknownOption()
      .passThroughOptions()
      .action(
        run(async (context, _options, args) => {
          const [{ openStackHere }, { runStackCommand }] = await Promise.all([
            import('../src/lifecycle/open.ts'),
            import('../src/lifecycle/stack-command.ts'),
          ]);
          const stack = await openStackHere(context);
          const command = stack.commands.find((each) => each.name === name);
          if (command === undefined)
            throw new QbtcError('UNKNOWN_COMMAND', `${stack.name} has no command ${name} any more`, {
              exit: EXIT.usage,
            });
          return { exit: await runStackCommand(context, stack, command, args) };
        }),
      );
  }
}
