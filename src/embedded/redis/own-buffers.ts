import { Buffer } from 'node:buffer';
import type { RedisDatabase, RedisDataValue } from 'js-redis-server/core';

// A small buffer is a piece of a larger one, which it keeps alive: a value of 0.9 KB that is kept would hold 8 KB. What only a
// command needs may be such a piece, which is made in less time.

const WRITES = [
  'set',
  'setString',
  'updateHash',
  'updateList',
  'updateSet',
  'updateSortedSet',
  'updateStream',
] as const satisfies readonly (keyof RedisDatabase)[];

/** Has the database copy keys and texts into memory of their own. */
export function keepOwnBuffers(database: RedisDatabase): void {
  for (const name of WRITES) {
    const write = database[name].bind(database) as (...args: unknown[]) => unknown;
    Object.assign(database, { [name]: (...args: unknown[]) => withoutPool(() => write(...args)) });
  }
}

function withoutPool<Result>(work: () => Result): Result {
  const { poolSize } = Buffer;
  Buffer.poolSize = 0;
  try {
    return work();
  } finally {
    Buffer.poolSize = poolSize;
  }
}

/** The same with memory of its own. */
function own(buffer: Buffer): Buffer {
  if (buffer.buffer.byteLength <= 2 * buffer.length) return buffer;
  const copy = Buffer.allocUnsafeSlow(buffer.length);
  buffer.copy(copy);
  return copy;
}

/** Gives what a collection holds memory of its own: it keeps the buffers that the command came with. */
export function ownMembers(value: RedisDataValue): void {
  switch (value.type) {
    case 'string':
      break;
    case 'hash':
      for (const each of value.fields.values()) {
        each.field = own(each.field);
        each.value = own(each.value);
      }
      break;
    case 'list':
      for (const [index, each] of value.values.entries()) value.values[index] = own(each);
      break;
    case 'set':
      for (const [name, each] of value.members) value.members.set(name, own(each));
      break;
    case 'zset':
      for (const each of value.members.values()) each.member = own(each.member);
      break;
    case 'stream':
      for (const { fields } of value.entries)
        for (const [index, each] of fields.entries()) fields[index] = own(each);
      break;
  }
}
