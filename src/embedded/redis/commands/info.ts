import { RedisResult, RedisValue } from 'js-redis-server/core';
import type { Memory } from '../memory.ts';
import type { OwnCommand } from '../own-command.ts';

/** `INFO`, in which the library has no figures. */
export const info: OwnCommand = {
  name: 'info',
  execute({ context, memory, rest }) {
    const { value, options } = rest();
    if (value.kind !== 'bulk-string' || value.value === null) return new RedisResult(value, options);
    const text = filledIn(value.value.toString(), memory, context.server.getConnectedClients().length);
    return RedisResult.create(RedisValue.bulkString(Buffer.from(text)), options);
  },
};

function filledIn(text: string, memory: Memory, clients: number): string {
  const { keys, limit, counts } = memory;
  const figures: Readonly<Record<string, string | number>> = {
    connected_clients: clients,
    used_memory: keys.usedBytes,
    used_memory_human: human(keys.usedBytes),
    used_memory_rss: process.memoryUsage.rss(),
    used_memory_peak: keys.peakBytes,
    expired_keys: counts.expired,
    evicted_keys: counts.evicted,
    keyspace_hits: counts.hits,
    keyspace_misses: counts.misses,
  };
  const bound = [
    `maxmemory:${limit.maxBytes}`,
    `maxmemory_human:${human(limit.maxBytes)}`,
    `maxmemory_policy:${limit.policy}`,
  ];
  return text
    .split('\r\n')
    .flatMap((line) => {
      const [name = ''] = line.split(':', 1);
      const figure = Object.hasOwn(figures, name) ? figures[name] : undefined;
      const lines = [figure === undefined ? line : `${name}:${figure}`];
      return name === 'used_memory_peak' ? [...lines, ...bound] : lines;
    })
    .join('\r\n');
}

const UNITS = ['B', 'K', 'M', 'G', 'T'];

/** As Redis writes it: `965.44K`. */
function human(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(2)}${UNITS[power]}`;
}
