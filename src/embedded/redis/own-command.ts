import type { RedisExecutionContext, RedisResult } from 'js-redis-server/core';
import type { Memory } from './memory.ts';

export interface Call {
  /** What was written behind the name of the command. */
  args: readonly Buffer[];
  context: RedisExecutionContext;
  memory: Memory;
  /** Does what the library does. */
  rest(): RedisResult;
}

/** A command of the library that tells or sets what only this server knows. */
export interface OwnCommand {
  name: string;
  execute(call: Call): RedisResult;
}
