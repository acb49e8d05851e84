import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import type { Run } from '../../commands/command.ts';
import { discover } from '../../commands/discover/index.ts';
import { quietContext } from '../support/quiet-context.ts';

/** Parses the arguments as the program does, and runs the command with what came of them. */
async function parsed(...args: string[]): Promise<void> {
  const run: Run =
    (handler) =>
    async (...given) => {
      const command = given.at(-1) as Command;
      await handler({ ...quietContext(), cwd: '/' }, command.opts() as never, []);
    };
  const program = new Command('qbtc').exitOverride().configureOutput({ writeErr() {} });
  discover(program, run);
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr() {} });
  await program.parseAsync(['discover', ...args], { from: 'user' });
}

describe('wrong usage is told with what was expected', () => {
  test.each([
    [['--port-range', '9000-8000'], 'expected a range such as 8000-8999, from 1 to 65535'],
    [['--port-range', '1-65536'], 'expected a range such as 8000-8999'],
    [['--port-range', '0'], 'expected a range such as 8000-8999'],
    [['--port-range', 'all'], 'expected a range such as 8000-8999'],
    [['--source', 'dockr'], 'found "dockr", expected one of stack, docker, ports, processes, rabbitmq, bus'],
    [['--dry-run'], '--dry-run says what --register would do'],
    [['--register', '--dry-run', '--watch'], '--dry-run looks once, --watch goes on'],
    [['--include', 'x'], '--include says what --register takes in'],
    [['--explain', 'x', '--register'], '--explain tells of one look'],
  ])('%j', async (args, message) => {
    await expect(parsed(...args)).rejects.toThrow(message);
  });
});
