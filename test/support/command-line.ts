import { Command } from 'commander';
import type { Register, Run } from '../../commands/command.ts';
import type { Context } from '../../src/context.ts';
import type { Document } from '../../src/report/index.ts';

/** Runs one command in this process; gives what it would report. */
export async function runCommand(
  register: Register,
  context: Context,
  words: readonly string[],
): Promise<{ document?: Document; exit?: number }> {
  let outcome: { document?: Document; exit?: number } = {};
  const run: Run =
    (handler) =>
    async (...given) => {
      const command = given.at(-1) as Command;
      const args = given
        .slice(0, -2)
        .flat()
        .filter((word) => word !== undefined) as string[];
      outcome = await handler(context, command.opts() as never, args);
    };
  const program = new Command('qbtc').exitOverride();
  register(program, run);
  await program.parseAsync(words, { from: 'user' });
  return outcome;
}
