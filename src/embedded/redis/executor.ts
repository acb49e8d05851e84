import {
  type CommandExecutor,
  createRedisCommandExecutor,
  type RedisExecutionContext,
  type RedisResult,
} from 'js-redis-server/core';
import { config } from './commands/config.ts';
import { info } from './commands/info.ts';
import type { Memory } from './memory.ts';
import { memoryPolicy, SCRIPTS, type ScriptState } from './memory-policy.ts';
import type { OwnCommand } from './own-command.ts';

const COMMANDS: ReadonlyMap<string, OwnCommand> = new Map(
  [config, info].map((command) => [command.name, command]),
);

/** The library's commands, within the bound of the memory. */
export function createExecutor(memory: Memory): CommandExecutor {
  const script: ScriptState = { isDenied: undefined };
  const executor = createRedisCommandExecutor({ policies: [memoryPolicy(memory, script)] });
  const plan = executor.plan.bind(executor);
  // The library lets commands be added, not be replaced.
  executor.plan = (name, rawArgs) => {
    const made = plan(name, rawArgs);
    const { definition } = made;
    const own = COMMANDS.get(definition.name);
    if (own !== undefined) {
      const execute = (args: unknown, context: RedisExecutionContext) =>
        // These are answered at once.
        own.execute({
          args: rawArgs,
          context,
          memory,
          rest: () => definition.execute(args, context) as RedisResult,
        });
      return { ...made, definition: { ...definition, execute } };
    }
    if (!SCRIPTS.has(definition.name)) return made;
    const execute = async (args: unknown, context: RedisExecutionContext) => {
      script.isDenied = !memory.makeRoom();
      try {
        return (await definition.execute(args, context)) as RedisResult;
      } finally {
        script.isDenied = undefined;
      }
    };
    return { ...made, definition: { ...definition, execute } };
  };
  return executor;
}
