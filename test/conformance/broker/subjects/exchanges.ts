import type { Channel } from 'amqplib';
import { expect, it } from 'vitest';
import type { Harness } from '../harness.ts';

export function exchanges(harness: Harness): void {
  it('declares each type twice with the same properties', async () => {
    const channel = await harness.channel();
    for (const type of ['direct', 'topic', 'fanout', 'headers']) {
      const name = harness.exchangeName();
      await channel.assertExchange(name, type, { durable: false });
      expect(await channel.assertExchange(name, type, { durable: false })).toEqual({ exchange: name });
      await channel.checkExchange(name);
    }
  });

  it('has the predeclared ones', async () => {
    const channel = await harness.channel();
    for (const name of ['amq.direct', 'amq.topic', 'amq.fanout', 'amq.headers', 'amq.match'])
      await channel.checkExchange(name);
  });

  it.each<[string, { type?: string; [option: string]: unknown }, string]>([
    ['type', { type: 'fanout' }, "received 'fanout' but current is 'direct'"],
    ['durable', { durable: false }, "received 'false' but current is 'true'"],
    ['auto_delete', { autoDelete: true }, "received 'true' but current is 'false'"],
    ['internal', { internal: true }, "received 'true' but current is 'false'"],
    [
      'alternate-exchange',
      { alternateExchange: 'other' },
      "received the value 'other' of type 'longstr' but current is none",
    ],
  ])('refuses a redeclaration with another %s', async (argument, { type, ...changes }, text) => {
    const name = harness.exchangeName();
    const channel = await harness.channel();
    await channel.assertExchange(name, 'direct');
    const closed = await harness.closedBy((other) => other.assertExchange(name, type ?? 'direct', changes));
    expect(closed).toEqual({
      scope: 'channel',
      code: 406,
      text: `PRECONDITION_FAILED - inequivalent arg '${argument}' for exchange '${name}' in vhost '/': ${text}`,
      method: '40.10',
    });
  });

  it('takes another alternate exchange for another exchange', async () => {
    const name = harness.exchangeName();
    const channel = await harness.channel();
    await channel.assertExchange(name, 'direct', { alternateExchange: 'one' });
    const closed = await harness.closedBy((other) =>
      other.assertExchange(name, 'direct', { alternateExchange: 'two' }),
    );
    expect(closed.text).toBe(
      `PRECONDITION_FAILED - inequivalent arg 'alternate-exchange' for exchange '${name}' in vhost '/': ` +
        "received 'two' but current is 'one'",
    );
  });

  it('does not know other types', async () => {
    expect(await harness.closedBy((channel) => channel.assertExchange('x', 'bogus'))).toMatchObject({
      scope: 'connection',
      code: 503,
      text: "COMMAND_INVALID - unknown exchange type 'bogus'",
    });
  });

  it.each([
    [
      'declares',
      (channel: Channel) => channel.assertExchange('amq.mine', 'direct'),
      "exchange name 'amq.mine' contains reserved prefix 'amq.*'",
      '40.10',
    ],
    [
      'deletes',
      (channel: Channel) => channel.deleteExchange('amq.topic'),
      "deletion of system exchange 'amq.topic' in vhost '/' not allowed",
      '40.20',
    ],
    [
      'declares the default one',
      (channel: Channel) => channel.assertExchange('', 'direct'),
      'operation not permitted on the default exchange',
      '40.10',
    ],
    [
      'binds the default one',
      (channel: Channel) => channel.bindExchange('amq.topic', '', 'k'),
      'operation not permitted on the default exchange',
      '40.30',
    ],
  ])('refuses who %s', async (_, action, text, method) => {
    expect(await harness.closedBy(action)).toEqual({
      scope: 'channel',
      code: 403,
      text: `ACCESS_REFUSED - ${text}`,
      method,
    });
  });

  it('says which one is missing', async () => {
    const missing = "NOT_FOUND - no exchange 'no-such' in vhost '/'";
    expect(await harness.closedBy((channel) => channel.checkExchange('no-such'))).toEqual({
      scope: 'channel',
      code: 404,
      text: missing,
      method: '40.10',
    });
    expect(await harness.closedBy((channel) => channel.publish('no-such', 'key', Buffer.from('x')))).toEqual({
      scope: 'channel',
      code: 404,
      text: missing,
      method: '60.40',
    });
    expect(
      await harness.closedBy((channel) => channel.bindExchange('amq.topic', 'no-such', 'key')),
    ).toMatchObject({ code: 404, text: missing, method: '40.30' });
  });

  it('deletes one that is not there, and keeps a used one when asked to', async () => {
    const channel = await harness.channel();
    await channel.deleteExchange('no-such');
    const name = harness.exchangeName();
    await channel.assertExchange(name, 'fanout');
    await channel.bindQueue(await harness.queue(), name, '');
    const closed = await harness.closedBy((other) => other.deleteExchange(name, { ifUnused: true }));
    expect(closed).toEqual({
      scope: 'channel',
      code: 406,
      text: `PRECONDITION_FAILED - exchange '${name}' in vhost '/' in use`,
      method: '40.20',
    });
    await channel.deleteExchange(name);
  });

  it('takes no publishes for an internal one', async () => {
    const name = harness.exchangeName();
    const channel = await harness.channel();
    await channel.assertExchange(name, 'fanout', { internal: true });
    expect(await harness.closedBy((other) => other.publish(name, '', Buffer.from('x')))).toEqual({
      scope: 'channel',
      code: 403,
      text: `ACCESS_REFUSED - cannot publish to internal exchange '${name}' in vhost '/'`,
      method: '60.40',
    });
  });

  it('ends an auto-delete one with its last binding', async () => {
    const channel = await harness.channel();
    const name = harness.exchangeName();
    const queue = await harness.queue();
    await channel.assertExchange(name, 'direct', { autoDelete: true });
    await channel.bindQueue(queue, name, 'a');
    await channel.bindQueue(queue, name, 'b');
    await channel.unbindQueue(queue, name, 'a');
    await channel.checkExchange(name);
    await channel.unbindQueue(queue, name, 'b');
    expect((await harness.closedBy((other) => other.checkExchange(name))).code).toBe(404);
  });

  it('ends an auto-delete one when the last bound queue is deleted', async () => {
    const channel = await harness.channel();
    const name = harness.exchangeName();
    const queue = await harness.queue();
    await channel.assertExchange(name, 'direct', { autoDelete: true });
    await channel.bindQueue(queue, name, 'a');
    await channel.deleteQueue(queue);
    expect((await harness.closedBy((other) => other.checkExchange(name))).code).toBe(404);
  });

  it('refuses an alternate exchange that is no string', async () => {
    const name = harness.exchangeName();
    const closed = await harness.closedBy((channel) =>
      channel.assertExchange(name, 'direct', { arguments: { 'alternate-exchange': 5 } }),
    );
    expect(closed).toMatchObject({
      code: 406,
      text: `PRECONDITION_FAILED - invalid type 'byte' for arg 'alternate-exchange' in exchange '${name}' in vhost '/'`,
    });
  });

  it.each<[string, (channel: Channel, queue: string) => Promise<unknown>]>([
    ['bind a queue to', (channel, queue) => channel.bindQueue(queue, '', 'k')],
    ['bind a queue that is not there to', (channel) => channel.bindQueue('no-such-queue', '', 'k')],
    ['unbind a queue from', (channel, queue) => channel.unbindQueue(queue, '', queue)],
    ['unbind a queue that is not there from', (channel) => channel.unbindQueue('no-such-queue', '', 'k')],
    ['bind', (channel) => channel.bindExchange('', 'amq.direct', 'k')],
    ['bind an exchange to', (channel) => channel.bindExchange('amq.direct', '', 'k')],
    ['unbind', (channel) => channel.unbindExchange('', 'amq.direct', 'k')],
    ['unbind an exchange that is not there from', (channel) => channel.unbindExchange('no-such', '', 'k')],
    ['delete', (channel) => channel.deleteExchange('')],
    ['declare', (channel) => channel.assertExchange('', 'direct')],
  ])('lets nobody %s the default exchange', async (_, action) => {
    const queue = await harness.queue();
    expect(await harness.closedBy((channel) => action(channel, queue))).toMatchObject({
      scope: 'channel',
      code: 403,
      text: 'ACCESS_REFUSED - operation not permitted on the default exchange',
    });
  });
}
