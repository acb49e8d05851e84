import type { RedisDataValue } from 'js-redis-server/core';

// What is held costs more than its bytes: objects, their places in tables, buffers of their own. Measured with
// `node --expose-gc` on Node 20.

/** A key with nothing in it: its entry, and what `HeldKeys` knows of it. */
const KEY_BYTES = 900;
/** A member of a collection: a buffer, and its place. */
const MEMBER_BYTES = 200;

/** The bytes that a key takes with its value. */
export function sizeOf(key: Buffer, value: RedisDataValue): number {
  // The library names keys and members in hexadecimal.
  return KEY_BYTES + 3 * key.length + sizeOfValue(value);
}

function sizeOfValue(value: RedisDataValue): number {
  let bytes = 0;
  switch (value.type) {
    case 'string':
      return value.value.length;
    case 'hash':
      for (const each of value.fields.values())
        bytes += 2 * MEMBER_BYTES + 3 * each.field.length + each.value.length;
      return bytes;
    case 'list':
      for (const each of value.values) bytes += MEMBER_BYTES + each.length;
      return bytes;
    case 'set':
      for (const each of value.members.values()) bytes += MEMBER_BYTES + 3 * each.length;
      return bytes;
    case 'zset':
      for (const { member } of value.members.values()) bytes += MEMBER_BYTES + 3 * member.length;
      return bytes;
    case 'stream':
      for (const { fields } of value.entries) {
        bytes += MEMBER_BYTES;
        for (const each of fields) bytes += MEMBER_BYTES + each.length;
      }
      for (const { consumers, pending } of value.groups.values())
        bytes += (consumers.size + pending.size) * 2 * MEMBER_BYTES;
      return bytes;
  }
}
