import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { drain, eventually, type Harness, sleep } from '../harness.ts';

export function policies(harness: Harness): void {
  const api = harness.management.bind(harness);
  const put = async (name: string, body: object) => api('PUT', `/policies/%2F/${name}`, body);
  const newName = () => `p-${randomUUID().slice(0, 8)}`;
  const count = async (queue: string) => {
    const channel = await harness.channel();
    return (await channel.checkQueue(queue)).messageCount;
  };
  const send = async (queue: string, texts: readonly string[], options = {}) => {
    const channel = await harness.confirmChannel();
    for (const text of texts) channel.sendToQueue(queue, Buffer.from(text), options);
    await channel.waitForConfirms().catch(() => undefined);
    await channel.close();
  };
  /** Puts a policy on one queue; gives how to take it away. */
  const over = async (queue: string, definition: object, more = {}) => {
    const name = newName();
    const answer = await put(name, { pattern: `^${queue}$`, definition, 'apply-to': 'queues', ...more });
    expect(answer).toMatchObject({ status: 201 });
    return () => api('DELETE', `/policies/%2F/${name}`);
  };

  describe('in the management API', () => {
    it('are created, changed, shown and deleted', async () => {
      const name = newName();
      const body = { pattern: '^never$', definition: { 'max-length': 1 } };
      expect((await put(name, body)).status).toBe(201);
      expect((await put(name, { ...body, priority: 3, 'apply-to': 'queues' })).status).toBe(204);
      const shown = { vhost: '/', name, ...body, priority: 3, 'apply-to': 'queues' };
      expect((await api('GET', `/policies/%2F/${name}`)).body).toEqual(shown);
      expect((await api('GET', '/policies/%2F')).body).toContainEqual(shown);
      expect((await api('DELETE', `/policies/%2F/${name}`)).status).toBe(204);
      expect((await api('DELETE', `/policies/%2F/${name}`)).status).toBe(404);
    });

    it.each<[string, object, string]>([
      ['no definition', { pattern: 'x' }, '[{key_missing,definition}]'],
      ['no pattern', { definition: { 'max-length': 1 } }, '[{key_missing,pattern}]'],
      ['an empty one', { pattern: 'x', definition: {} }, 'Validation failed\n\nno policy provided\n'],
      [
        'an unknown setting',
        { pattern: 'x', definition: { bogus: 1 } },
        'Validation failed\n\n[{&lt;&lt;"bogus"&gt;&gt;,1}] are not recognised policy settings\n',
      ],
      [
        'a wrong length',
        { pattern: 'x', definition: { 'max-length': 'a' } },
        'Validation failed\n\n&lt;&lt;"a"&gt;&gt; is not a valid maximum length\n',
      ],
      [
        'a wrong time to live',
        { pattern: 'x', definition: { 'message-ttl': -1 } },
        'Validation failed\n\n-1 is not a valid message TTL\n',
      ],
      [
        'a wrong overflow',
        { pattern: 'x', definition: { overflow: 'x' } },
        'Validation failed\n\n&lt;&lt;"x"&gt;&gt; is not a valid overflow value\n',
      ],
      [
        'a wrong delivery limit',
        { pattern: 'x', definition: { 'delivery-limit': -1 } },
        'Validation failed\n\n-1 is not a valid delivery limit\n',
      ],
      [
        'a wrong exchange',
        { pattern: 'x', definition: { 'dead-letter-exchange': 5 } },
        'Validation failed\n\n5 is not a valid dead letter exchange name\n',
      ],
      [
        'an expiry of nothing',
        { pattern: 'x', definition: { expires: 0 } },
        'Validation failed\n\n0 is not a valid queue expiry\n',
      ],
      [
        'a wrong kind',
        { pattern: 'x', definition: { 'max-length': 1 }, 'apply-to': 'x' },
        "Validation failed\n\napply-to 'x' unrecognised; should be 'queues', 'exchanges' or 'all'\n",
      ],
      [
        'a wrong priority',
        { pattern: 'x', definition: { 'max-length': 1 }, priority: 'x' },
        'Validation failed\n\npriority should be a number, actually was &lt;&lt;"x"&gt;&gt;\n',
      ],
    ])('refuse %s', async (_, body, reason) => {
      expect(await put(newName(), body)).toMatchObject({
        status: 400,
        body: { error: 'bad_request', reason },
      });
    });

    it('are shown at the queue that follows one', async () => {
      const queue = await harness.queue();
      const end = await over(queue, { 'max-length': 7 });
      const shown = await eventually(
        async () => (await api('GET', `/queues/%2F/${queue}`)).body as Record<string, unknown>,
        ({ policy }) => typeof policy === 'string',
        'the queue shows its policy',
      );
      expect(shown.effective_policy_definition).toEqual({ 'max-length': 7 });
      await end();
    });
  });

  describe('take effect', () => {
    it('on what is in the queue already, and no more when they are gone', async () => {
      const queue = await harness.queue();
      await send(queue, ['a', 'b', 'c', 'd']);
      const end = await over(queue, { 'max-length': 2 });
      await eventually(
        () => count(queue),
        (length) => length === 2,
        'only two are left',
      );
      await end();
      await eventually(
        async () => {
          await send(queue, ['e', 'f', 'g']);
          return count(queue);
        },
        (length) => length > 4,
        'nothing is dropped any more',
      );
      expect(await drain(await harness.channel(), queue)).toEqual(expect.arrayContaining(['c', 'd']));
    });

    it('where the queue says less: the smaller limit holds', async () => {
      const queue = await harness.queue({ arguments: { 'x-max-length': 2 } });
      const end = await over(queue, { 'max-length': 5 });
      await send(queue, ['a', 'b', 'c']);
      expect(await count(queue)).toBe(2);
      await end();
    });

    it('but not over the dead-letter exchange that the queue names', async () => {
      const dead = await harness.queue();
      const other = await harness.queue();
      const queue = await harness.queue({ deadLetterExchange: '', deadLetterRoutingKey: dead });
      const end = await over(queue, { 'dead-letter-routing-key': other, 'message-ttl': 1 });
      await send(queue, ['x']);
      await eventually(
        () => count(dead),
        (length) => length === 1,
        'a dead letter',
      );
      expect(await count(other)).toBe(0);
      await end();
    });

    it('by the highest priority, and only one of them', async () => {
      const queue = await harness.queue();
      const ends = [
        await over(queue, { 'max-length': 1 }, { priority: 1 }),
        await over(queue, { 'max-length': 3 }, { priority: 2 }),
      ];
      await send(queue, ['a', 'b', 'c', 'd']);
      await eventually(
        () => count(queue),
        (length) => length === 3,
        'three are left',
      );
      for (const end of ends) await end();
    });

    it('on queues of the type that can follow them only', async () => {
      const classic = await harness.queue();
      const end = await over(classic, { 'delivery-limit': 1, 'max-length': 1 });
      await send(classic, ['a', 'b', 'c']);
      await sleep(100);
      expect(await count(classic)).toBe(3);
      await end();
    });

    it('on quorum queues: what comes back too often is dropped', async () => {
      const queue = await harness.queue({ arguments: { 'x-queue-type': 'quorum' } });
      const end = await over(queue, { 'delivery-limit': 1 });
      await sleep(300);
      await send(queue, ['x']);
      const channel = await harness.channel();
      let seen = 0;
      await channel.consume(queue, (message) => {
        if (message === null) return;
        seen += 1;
        channel.nack(message);
      });
      await eventually(
        () => seen,
        (times) => times === 2,
        'two deliveries',
      );
      await sleep(200);
      expect(seen).toBe(2);
      await channel.close();
      await end();
    });

    it('on exchanges: what matches nothing goes to the alternate exchange', async () => {
      const exchange = harness.exchangeName();
      const channel = await harness.confirmChannel();
      await channel.assertExchange(exchange, 'direct');
      const queue = await harness.queue();
      await channel.bindQueue(queue, 'amq.fanout', '');
      const name = newName();
      await put(name, {
        pattern: `^${exchange}$`,
        definition: { 'alternate-exchange': 'amq.fanout' },
        'apply-to': 'exchanges',
      });
      await eventually(
        async () => {
          channel.publish(exchange, 'nothing', Buffer.from('x'));
          await channel.waitForConfirms();
          return count(queue);
        },
        (length) => length > 0,
        'the alternate exchange is used',
      );
      await api('DELETE', `/policies/%2F/${name}`);
      await channel.unbindQueue(queue, 'amq.fanout', '');
      await channel.close();
    });
  });
}
