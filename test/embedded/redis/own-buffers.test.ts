import { RedisServerState } from 'js-redis-server/core';
import { expect, test } from 'vitest';
import { Memory } from '../../../src/embedded/redis/memory.ts';

/** The bytes of all that these buffers keep alive. */
const keptBy = (buffers: readonly Buffer[]) =>
  [...new Set(buffers.map(({ buffer }) => buffer))].reduce((sum, { byteLength }) => sum + byteLength, 0);

test('what is held keeps no more alive than itself, and what else is made comes from the pool', () => {
  const { poolSize } = Buffer;
  const server = new RedisServerState({ activeExpiryIntervalMs: false });
  const memory = new Memory(server, { maxBytes: 0, policy: 'noeviction' }, () => undefined);
  const database = server.getDatabase(0);
  const held: Buffer[] = [];
  const emit = database.mutations.emit.bind(database.mutations);
  database.mutations.emit = (event) => {
    emit(event);
    if (event.type !== 'write') return;
    const { value } = event;
    held.push(event.key);
    if (value.type === 'string') held.push(value.value);
    if (value.type === 'hash') for (const each of value.fields.values()) held.push(each.field, each.value);
    if (value.type === 'list') held.push(...value.values);
    if (value.type === 'set') held.push(...value.members.values());
    if (value.type === 'zset') held.push(...[...value.members.values()].map(({ member }) => member));
    if (value.type === 'stream') held.push(...value.entries.flatMap(({ fields }) => fields));
  };
  const text = (name: string) => Buffer.from(name.padEnd(900, 'x'));
  database.setString(text('text'), text('value'));
  database.updateHash(text('hash'), (hash) => hash.setField(text('field'), text('value')));
  database.updateList(text('list'), (list) => list.pushRight([text('item')]));
  database.updateSortedSet(text('zset'), (zset) => zset.setScore(text('member'), 1));
  database.updateStream(text('stream'), (stream) =>
    stream.appendEntry({ ms: 1n, seq: 1n }, [text('field'), text('value')]),
  );
  memory.close();
  expect(held).toHaveLength(12);
  expect(keptBy(held)).toBe(12 * 900);
  expect(Buffer.poolSize).toBe(poolSize);
  expect(Buffer.from('a').buffer.byteLength).toBe(poolSize);
});
