import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { longstr, type Table } from '../../../../src/embedded/broker/codec/table.ts';
import { newCounters } from '../../../../src/embedded/broker/counters.ts';
import { Message } from '../../../../src/embedded/broker/message.ts';
import { DurableStore } from '../../../../src/embedded/broker/store/durable.ts';
import { Batch, JournalFile } from '../../../../src/embedded/broker/store/journal.ts';
import { type FileRecord, RecordEncoder } from '../../../../src/embedded/broker/store/record.ts';
import { VirtualHost } from '../../../../src/embedded/broker/virtual-host/virtual-host.ts';

let folder: string;
let logged: { message: string; context: Record<string, unknown> }[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qbtc-bad-record-'));
  logged = [];
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const queue = (name: string, given: Table = new Map()): FileRecord => ({
  kind: 'queue',
  name,
  autoDelete: false,
  arguments: given,
});
const stored = (name: string, position: number, message: Message): FileRecord => ({
  kind: 'message',
  queue: name,
  position,
  expiresAt: Number.POSITIVE_INFINITY,
  deliveries: 0,
  message,
});
const message = (body: string) => Message.of('', 'key', { delivery_mode: 2 }, Buffer.from(body));
/** What an earlier version took, and this one does not: its property list has flags and nothing behind them. */
const unreadable = Object.assign(Object.create(Message.prototype), message('x'), {
  properties: Buffer.from([0xff, 0xf8]),
}) as Message;

const RECORDS: FileRecord[] = [
  { kind: 'begin', file: 'journal', number: 1, basis: 'nothing', previousBytes: 0 },
  {
    kind: 'exchange',
    name: 'odd',
    type: 'x-of-a-plugin',
    autoDelete: false,
    internal: false,
    arguments: new Map(),
  },
  queue('good'),
  queue('of a later version', new Map([['x-queue-type', longstr('x-later')]])),
  queue('with a bad message'),
  {
    kind: 'binding',
    source: 'amq.fanout',
    destination: { kind: 'queue', name: 'good' },
    routingKey: '',
    arguments: new Map(),
  },
  {
    kind: 'binding',
    source: 'amq.fanout',
    destination: { kind: 'queue', name: 'with a bad message' },
    routingKey: '',
    arguments: new Map(),
  },
  stored('good', 1, message('first')),
  stored('of a later version', 1, message('waits')),
  stored('with a bad message', 1, message('waits too')),
  stored('with a bad message', 2, unreadable),
  stored('good', 2, message('second')),
];

function write(): void {
  const encoder = new RecordEncoder();
  const batch = new Batch();
  for (const record of RECORDS) batch.add(encoder.encode(record));
  const file = new JournalFile(join(folder, 'journal-00000001'));
  file.write(batch.view());
  file.close();
}

function open(slackBytes = 1e9) {
  const log = (_: string, message: string, context: Record<string, unknown> = {}) =>
    void logged.push({ message, context });
  const store = new DurableStore(folder, log, { slackBytes });
  const vhost = new VirtualHost('/', store, { deliver: () => undefined }, newCounters(), log);
  vhost.restore(store.image);
  const close = async () => {
    vhost.close();
    await store.close();
  };
  return { vhost, store, close };
}

describe('a store that holds what cannot be put back', () => {
  it('sets those queues aside, names them, and serves everything else', async () => {
    write();
    const { vhost, store, close } = open();
    const named = logged.flatMap(({ context }) => [context.queue, context.exchange].filter(Boolean));
    expect(named.sort()).toEqual(['odd', 'of a later version', 'with a bad message']);
    for (const name of ['of a later version', 'with a bad message'])
      expect(() => vhost.queue(name, undefined)).toThrow('NOT_FOUND');
    const good = vhost.queue('good', undefined);
    expect([good.get(true), good.get(true)].map((entry) => entry?.message.body.toString())).toEqual([
      'first',
      'second',
    ]);
    // Its binding is there: who publishes to it hears that it does not take it.
    const [, bad] = vhost.route(vhost.exchange('amq.fanout'), message('new'));
    expect(bad?.name).toBe('with a bad message');
    expect(bad?.publish(message('new'))).toBe('rejected');
    expect(store.image.queues.get('with a bad message')?.messages.size).toBe(2);
    await close();
  });

  it('keeps what it cannot use when everything is written anew, until somebody deletes the queue', async () => {
    write();
    const first = open(-1e9);
    first.vhost.declareQueue('more', {
      durable: true,
      autoDelete: false,
      exclusiveOwner: undefined,
      arguments: new Map(),
    });
    await expect.poll(() => readdirSync(folder)).toContain('snapshot-00000002');
    await expect.poll(() => readdirSync(folder)).not.toContain('journal-00000001');
    await first.close();
    const second = open();
    expect(second.store.image.queues.get('with a bad message')?.messages.size).toBe(2);
    expect(second.store.image.queues.get('of a later version')?.messages.size).toBe(1);
    expect(second.store.image.exchanges.has('odd')).toBe(true);
    second.vhost.deleteQueue('with a bad message', undefined, { ifUnused: false, ifEmpty: false });
    await second.close();
    const third = open();
    expect([...third.store.image.queues.keys()].sort()).toEqual(['good', 'more', 'of a later version']);
    await third.close();
  });
});
