import type { Command, CommanderError } from 'commander';
import { EXIT, QbtcError } from '../src/errors.ts';

/**
 * What commander refused in the command line, as an error like every other: `commander.unknownOption` is `UNKNOWN_OPTION`.
 * Of a group that was given no command commander says nothing, or that it does not know the option.
 *
 * @param words the command line
 */
export function usageError(
  { code, message }: CommanderError,
  program: Command,
  words: readonly string[],
): QbtcError {
  const { command, path } = named(program, words);
  const isGroup = command.commands.length > 0 && command.parent !== null;
  if (code === 'commander.help' || (isGroup && code === 'commander.unknownOption')) {
    const known = command.commands.map((each) => each.name()).join(', ');
    return new QbtcError('MISSING_COMMAND', `${path}: a command is missing, one of ${known}`, {
      exit: EXIT.usage,
      hint: `${path} --help`,
    });
  }
  const [first = '', ...suggestions] = message.replace(/^error: /, '').split('\n');
  const near = suggestions.map((line) => line.replace(/^\(|\)$/g, '')).filter((line) => line !== '');
  const name = code.replace(/^commander\./, '').replace(/[A-Z]/g, '_$&');
  return new QbtcError(name.toUpperCase(), first, {
    exit: EXIT.usage,
    hint: [...near, `${path} --help`].join(' '),
  });
}

/** The deepest command that the command line names, and the words that name it. */
function named(program: Command, words: readonly string[]): { command: Command; path: string } {
  let command = program;
  const path = [program.name()];
  for (const word of words) {
    if (word.startsWith('-')) continue;
    const next = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
    if (next === undefined) break;
    path.push(next.name());
    command = next;
  }
  return { command, path: path.join(' ') };
}
