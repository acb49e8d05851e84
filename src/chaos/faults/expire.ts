import type { RedisConnection } from '../../context.ts';
import { resourceNamed, resourcesOfKind } from '../../resources/facts.ts';
import type { FaultContext, FaultKind } from '../fault-kind.ts';

const CONNECT_MS = 3_000;
const SCAN = 500;
/** More keys than that are not remembered, and so not expired. */
const MOST = 10_000;

interface SavedKey {
  key: string;
  type: 'string' | 'hash';
  value: string | string[];
  /** Milliseconds that it had left; -1 for ever. */
  ttl: number;
}

/** Lets keys of a cache expire at once. Strings and hashes come back as they were; keys of other types stay. */
export const expire: FaultKind = {
  about: 'keys of a cache expire at once',
  subjects: async (stack) => resourcesOfKind(stack, 'redis').map(({ name }) => name),
  takes: ['key'],
  refuses: async (_, { options }) =>
    options.key === undefined ? 'which keys? --key takes a pattern such as "llm:*"' : undefined,
  async inject(around, { subject, options }, remember) {
    await onCache(around, subject, async (redis) => {
      const saved = await save(redis, options.key ?? '');
      await remember({ saved });
      for (const { key } of saved) await redis.command('PEXPIRE', key, 1);
    });
  },
  async undo(around, { subject, memory }) {
    await onCache(around, subject, async (redis) => {
      for (const { key, type, value, ttl } of (memory.saved ?? []) as SavedKey[]) {
        // What has been written since is newer.
        if (Number(await redis.command('EXISTS', key)) === 1) continue;
        if (type === 'string') await redis.command('SET', key, String(value));
        else await redis.command('HSET', key, ...(value as string[]));
        if (ttl > 0) await redis.command('PEXPIRE', key, ttl);
      }
    });
  },
};

async function save(redis: RedisConnection, pattern: string): Promise<SavedKey[]> {
  const saved: SavedKey[] = [];
  let cursor = '0';
  do {
    const answer = (await redis.command('SCAN', cursor, 'MATCH', pattern, 'COUNT', SCAN)) as [
      string,
      string[],
    ];
    cursor = String(answer[0]);
    for (const key of answer[1]) {
      const type = String(await redis.command('TYPE', key));
      const ttl = Number(await redis.command('PTTL', key));
      if (type === 'string') saved.push({ key, type, ttl, value: String(await redis.command('GET', key)) });
      if (type === 'hash') saved.push({ key, type, ttl, value: pairs(await redis.command('HGETALL', key)) });
    }
  } while (cursor !== '0' && saved.length < MOST);
  return saved;
}

/** Fields and values in turn, whether the client gave them so or as an object. */
function pairs(answer: unknown): string[] {
  return Array.isArray(answer)
    ? answer.map(String)
    : Object.entries(answer as object)
        .flat()
        .map(String);
}

async function onCache(
  { context, stack }: FaultContext,
  name: string,
  work: (redis: RedisConnection) => Promise<void>,
): Promise<void> {
  const redis = await context.redis(resourceNamed(stack, name).endpoint.url, { timeoutMs: CONNECT_MS });
  try {
    await work(redis);
  } finally {
    await redis.close();
  }
}
