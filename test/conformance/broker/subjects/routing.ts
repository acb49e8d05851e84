import { expect, it } from 'vitest';
import { drain, type Harness } from '../harness.ts';

export function routing(harness: Harness): void {
  it.each([
    ['a.b.c', 'a.b.c', true],
    ['a.*.c', 'a.b.c', true],
    ['a.*.c', 'a.c', false],
    ['a.#', 'a', true],
    ['a.#.z', 'a.z', true],
    ['a.#.z', 'a.b.c.z', true],
    ['#', '', true],
    ['*', '', false],
    ['', '', true],
    ['*.*', 'a.', true],
    ['#.b.#', 'a.b', true],
    ['*', '#', true],
    ['#.#.#', 'a', true],
    ['a.b', 'a.*', false],
  ])('topic %j and %j match: %s', async (pattern, key, matches) => {
    const channel = await harness.confirmChannel();
    const exchange = harness.exchangeName();
    await channel.assertExchange(exchange, 'topic', { durable: false });
    const queue = await harness.queue();
    await channel.bindQueue(queue, exchange, pattern);
    channel.publish(exchange, key, Buffer.from('x'));
    await channel.waitForConfirms();
    expect(await drain(channel, queue)).toHaveLength(matches ? 1 : 0);
    await channel.close();
  });

  it.each([
    [{ a: 1, b: 'x' }, { a: 1, b: 'x', c: 3 }, true],
    [{ a: 1, b: 'x' }, { a: 1 }, false],
    [{ 'x-match': 'any', a: 1, b: 'x' }, { b: 'x' }, true],
    [{ 'x-match': 'any', a: 1 }, { a: 2 }, false],
    [{ 'x-match': 'any' }, { a: 2 }, false],
    [{ 'x-match': 'all' }, { a: 2 }, true],
    [{ a: null }, { a: 'whatever' }, true],
    [{ a: null }, { b: 'whatever' }, false],
    [{ a: 1 }, { a: { '!': 'int64', value: 1 } }, true],
    [{ a: 1 }, { a: '1' }, false],
    [{ a: { n: 1 } }, { a: { n: 1 } }, true],
    [{ a: [1, 2] }, { a: [2, 1] }, false],
    // As Erlang's == has it.
    [{ a: 1 }, { a: { '!': 'double', value: 1 } }, true],
    [{ a: { '!': 'float', value: 1 } }, { a: 1 }, true],
    [{ a: { '!': 'timestamp', value: 1 } }, { a: { '!': 'double', value: 1 } }, true],
    [{ a: 0 }, { a: { '!': 'double', value: -0 } }, true],
    [{ a: 1 }, { a: 1.5 }, false],
    [{ a: 1 }, { a: true }, false],
    [{ a: 1 }, { a: { '!': 'decimal', value: { places: 0, digits: 1 } } }, false],
    [{ a: [1] }, { a: [{ '!': 'double', value: 1 }] }, false],
    [{ a: { n: 1 } }, { a: { n: { '!': 'double', value: 1 } } }, false],
    [{ a: { n: 1, m: 2 } }, { a: { m: 2, n: 1 } }, false],
    [{ a: [] }, { a: {} }, true],
    [{ 'x-match': 'all', 'x-a': 1 }, {}, true],
    [{ 'x-match': 'all-with-x', 'x-a': 1 }, {}, false],
    [{ 'x-match': 'any-with-x', 'x-a': 1 }, { 'x-a': 1 }, true],
  ])('headers %j and %j match: %s', async (pattern, headers, matches) => {
    const channel = await harness.confirmChannel();
    const exchange = harness.exchangeName();
    await channel.assertExchange(exchange, 'headers', { durable: false });
    const queue = await harness.queue();
    await channel.bindQueue(queue, exchange, '', pattern);
    channel.publish(exchange, '', Buffer.from('x'), { headers });
    await channel.waitForConfirms();
    expect(await drain(channel, queue)).toHaveLength(matches ? 1 : 0);
    await channel.close();
  });

  it('refuses a headers binding with another mode', async () => {
    const queue = await harness.queue();
    expect(
      await harness.closedBy((channel) => channel.bindQueue(queue, 'amq.headers', '', { 'x-match': 'some' })),
    ).toEqual({
      scope: 'channel',
      code: 406,
      text: 'PRECONDITION_FAILED - Invalid x-match field value <<"some">>; expected all, any, all-with-x, or any-with-x',
      method: '50.20',
    });
    expect(
      await harness.closedBy((channel) => channel.bindQueue(queue, 'amq.headers', '', { 'x-match': 7 })),
    ).toMatchObject({
      text: 'PRECONDITION_FAILED - Invalid x-match field type byte (value 7); expected longstr',
    });
  });

  it('goes through exchanges, each queue once', async () => {
    const channel = await harness.confirmChannel();
    const [first, second] = [harness.exchangeName(), harness.exchangeName()];
    const queue = await harness.queue();
    await channel.assertExchange(first, 'topic', { durable: false });
    await channel.assertExchange(second, 'fanout', { durable: false });
    await channel.bindExchange(second, first, 'a.#');
    await channel.bindExchange(first, second, '');
    await channel.bindQueue(queue, second, '');
    await channel.bindQueue(queue, first, 'a.b');
    channel.publish(first, 'a.b', Buffer.from('x'));
    await channel.waitForConfirms();
    expect(await drain(channel, queue)).toEqual(['x']);
    await channel.unbindExchange(second, first, 'a.#');
    channel.publish(first, 'a.c', Buffer.from('y'));
    await channel.waitForConfirms();
    expect(await drain(channel, queue)).toEqual([]);
  });

  it('gives what matches nothing to the alternate exchange', async () => {
    const channel = await harness.confirmChannel();
    const [main, alternate] = [harness.exchangeName(), harness.exchangeName()];
    const [matched, rest] = [await harness.queue(), await harness.queue()];
    await channel.assertExchange(alternate, 'fanout');
    await channel.assertExchange(main, 'direct', { alternateExchange: alternate });
    await channel.bindQueue(matched, main, 'known');
    await channel.bindQueue(rest, alternate, '');
    channel.publish(main, 'known', Buffer.from('known'));
    channel.publish(main, 'unknown', Buffer.from('unknown'), { mandatory: true });
    await channel.waitForConfirms();
    expect(await drain(channel, matched)).toEqual(['known']);
    expect(await drain(channel, rest)).toEqual(['unknown']);
  });

  it('copies to the keys in CC and BCC, and hides BCC', async () => {
    const channel = await harness.confirmChannel();
    const [own, cc, bcc] = [await harness.queue(), await harness.queue(), await harness.queue()];
    channel.sendToQueue(own, Buffer.from('x'), { CC: [cc], BCC: [bcc] });
    await channel.waitForConfirms();
    for (const queue of [own, cc, bcc]) {
      const message = await channel.get(queue, { noAck: true });
      if (message === false) throw new Error(`nothing in ${queue}`);
      expect(message.fields.routingKey).toBe(own);
      expect(message.properties.headers).toEqual({ CC: [cc] });
    }
  });
}
