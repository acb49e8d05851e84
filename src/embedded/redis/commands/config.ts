import { RedisCommandError, RedisResult, RedisValue } from 'js-redis-server/core';
import { memorySize } from '../../../memory-size.ts';
import { EVICTION_POLICIES } from '../../../model/cache.ts';
import type { MemoryLimit } from '../memory.ts';
import type { OwnCommand } from '../own-command.ts';

interface Parameter {
  read(limit: MemoryLimit): string;
  /** What is to be changed; `undefined` where the value is none. */
  parse(text: string): Partial<MemoryLimit> | undefined;
  expected: string;
}

const PARAMETERS: Readonly<Record<string, Parameter>> = {
  maxmemory: {
    read: ({ maxBytes }) => String(maxBytes),
    parse(text) {
      const maxBytes = memorySize(text);
      return maxBytes === undefined ? undefined : { maxBytes };
    },
    expected: 'argument must be a memory value',
  },
  'maxmemory-policy': {
    read: ({ policy }) => policy,
    parse(text) {
      const policy = EVICTION_POLICIES.find((known) => known === text.toLowerCase());
      return policy === undefined ? undefined : { policy };
    },
    expected: `argument(s) must be one of the following: ${EVICTION_POLICIES.join(', ')}`,
  },
};

/** `CONFIG` with the bound of the memory, which the library takes and has no use for. */
export const config: OwnCommand = {
  name: 'config',
  execute({ args: [subcommand, ...args], memory, rest }) {
    switch (subcommand?.toString().toLowerCase()) {
      case 'get':
        return withOwn(rest(), memory.limit);
      case 'set': {
        const changes = changesOf(args.map(String));
        // What it refuses changes nothing here either.
        const result = rest();
        Object.assign(memory.limit, ...changes);
        return result;
      }
      case 'resetstat': {
        const result = rest();
        memory.resetCounts();
        return result;
      }
      default:
        return rest();
    }
  },
};

function changesOf(args: readonly string[]): Partial<MemoryLimit>[] {
  return args.flatMap((name, index) => {
    const parameter = index % 2 === 0 ? PARAMETERS[name.toLowerCase()] : undefined;
    const text = args[index + 1];
    if (parameter === undefined || text === undefined) return [];
    const change = parameter.parse(text);
    if (change !== undefined) return [change];
    throw new RedisCommandError(
      `CONFIG SET failed (possibly related to argument '${name}') - ${parameter.expected}`,
    );
  });
}

function withOwn({ value, options }: RedisResult, limit: MemoryLimit): RedisResult {
  if (value.kind !== 'map') return new RedisResult(value, options);
  const entries = value.entries.map(([name, told]): [RedisValue, RedisValue] => {
    const parameter = name.kind === 'bulk-string' ? PARAMETERS[String(name.value)] : undefined;
    return [name, parameter === undefined ? told : RedisValue.bulkString(Buffer.from(parameter.read(limit)))];
  });
  return RedisResult.create(RedisValue.map(entries), options);
}
