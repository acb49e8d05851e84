import { describe, expect, test } from 'vitest';
import { MessageProperties } from '../../src/amqp/message-properties.ts';
import { EventLog, readEvent } from '../../src/flow/event-log.ts';

const settings = { events: { exchange: 'shop', envelope: 'none' as const }, correlation: {} };
const message = (content: Buffer, correlationId?: string) =>
  readEvent(
    {
      exchange: 'shop',
      routingKey: 'a',
      properties: MessageProperties.of({ correlationId }),
      content,
      receivedAt: 1,
    },
    settings,
  );

describe('what the taps of a flow have seen', () => {
  test('is read from a place on, each once', () => {
    const log = new EventLog('mine');
    log.record(message(Buffer.from('1'), 'mine'));
    const first = log.own.since(0);
    log.record(message(Buffer.from('2'), 'mine'));
    expect(
      [first.events, log.own.since(first.end).events].map((each) => each.map(({ document }) => document)),
    ).toEqual([[1], [2]]);
    expect(log.own.since(log.own.since(0).end).events).toEqual([]);
  });

  test('holds nothing of others unless somebody asks for it, and counts what has no id', () => {
    const log = new EventLog('mine');
    for (const id of ['mine', 'other', undefined, undefined]) log.record(message(Buffer.from('x'), id));
    expect([log.own.since(0).end, log.others.since(0).end, log.anonymous]).toEqual([1, 0, 2]);
  });

  test('keeps its own and the latest of others, however many pass', () => {
    const log = new EventLog('mine', { others: true });
    log.record(message(Buffer.from('"own"'), 'mine'));
    let place = 0;
    let read = 0;
    for (let count = 1; count <= 35_000; count += 1) {
      log.record(message(Buffer.from(String(count))));
      if (count % 1_000 !== 0) continue;
      const { events, end } = log.others.since(place);
      expect(events.at(-1)?.document).toBe(count);
      place = end;
      read += events.length;
    }
    expect(read).toBe(35_000);
    expect(log.others.since(0).events.length).toBeLessThanOrEqual(10_000);
    expect(log.own.since(0).events).toHaveLength(1);
  });

  test('keeps at most so many bytes of others, the oldest go', () => {
    const log = new EventLog('mine', { others: true });
    const large = Buffer.alloc(1024 * 1024, 'x');
    for (let count = 0; count < 200; count += 1) log.record(message(large));
    const { events } = log.others.since(0);
    expect(events.length).toBeGreaterThan(0);
    expect(events.length).toBeLessThanOrEqual(64);
  });
});
