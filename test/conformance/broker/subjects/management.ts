import { describe, expect, it } from 'vitest';
import { collect, eventually, type Harness } from '../harness.ts';

const NOT_FOUND = { error: 'Object Not Found', reason: 'Not Found' };

export function management(harness: Harness): void {
  const api = harness.management.bind(harness);

  describe('access', () => {
    it('asks for credentials', async () => {
      const response = await fetch(`${harness.broker.managementUrl}/api/overview`);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Basic realm="RabbitMQ Management"');
      expect(await response.text()).toBe('');
    });

    it('refuses wrong ones', async () => {
      const authorization = `Basic ${Buffer.from('nobody:wrong').toString('base64')}`;
      const response = await fetch(`${harness.broker.managementUrl}/api/overview`, {
        headers: { authorization },
      });
      expect(response.status).toBe(401);
      expect(await response.json()).toEqual({ error: 'not_authorized', reason: 'Login failed' });
    });

    it('says who one is', async () => {
      expect(await api('GET', '/whoami')).toMatchObject({
        status: 200,
        body: { name: harness.broker.user, tags: ['administrator'] },
      });
    });

    it('does not know other paths and methods', async () => {
      expect(await api('GET', '/no-such')).toMatchObject({ status: 404, body: NOT_FOUND });
      expect(await api('POST', '/queues', {})).toMatchObject({ status: 405 });
    });
  });

  describe('the broker', () => {
    it('has an overview', async () => {
      const { body } = await api('GET', '/overview');
      expect(body).toMatchObject({
        rabbitmq_version: expect.stringMatching(/^3\.\d+/),
        management_version: expect.stringMatching(/^3\.\d+/),
        product_name: expect.any(String),
        node: expect.any(String),
        object_totals: { exchanges: expect.any(Number), queues: expect.any(Number) },
        listeners: expect.arrayContaining([expect.objectContaining({ protocol: 'amqp' })]),
      });
    });

    it('has virtual hosts, nodes and no alarms', async () => {
      const { vhost } = harness.broker;
      expect((await api('GET', '/vhosts')).body).toEqual(
        expect.arrayContaining([expect.objectContaining({ name: vhost, tracing: false })]),
      );
      expect((await api('GET', '/vhosts/%2F')).body).toMatchObject({ name: vhost });
      expect(await api('GET', '/vhosts/no-such')).toMatchObject({ status: 404, body: NOT_FOUND });
      // RabbitMQ gathers the state of a node every few seconds.
      const [node] = await eventually(
        async () => (await api('GET', '/nodes')).body as Record<string, unknown>[],
        ([first]) => first?.mem_alarm !== undefined,
        'the node is described',
      );
      expect(node).toMatchObject({ running: true, mem_alarm: false, disk_free_alarm: false });
      expect(await api('GET', '/health/checks/alarms')).toMatchObject({
        status: 200,
        body: { status: 'ok' },
      });
    });
  });

  describe('exchanges', () => {
    it('are created, compared, shown and deleted', async () => {
      const name = harness.exchangeName();
      const path = `/exchanges/%2F/${name}`;
      const declared = { type: 'topic', durable: true, arguments: { 'alternate-exchange': 'amq.fanout' } };
      expect(await api('PUT', path, declared)).toMatchObject({ status: 201, body: undefined });
      expect(await api('PUT', path, declared)).toMatchObject({ status: 204 });
      expect(await api('PUT', path, { ...declared, type: 'direct' })).toMatchObject({
        status: 400,
        body: {
          error: 'bad_request',
          reason: `inequivalent arg 'type' for exchange '${name}' in vhost '/': received 'direct' but current is 'topic'`,
        },
      });
      const { body } = await api('GET', path);
      expect(body).toMatchObject({
        name,
        vhost: '/',
        type: 'topic',
        durable: true,
        auto_delete: false,
        internal: false,
        arguments: { 'alternate-exchange': 'amq.fanout' },
      });
      const names = ((await api('GET', '/exchanges/%2F')).body as { name: string }[]).map(
        (each) => each.name,
      );
      expect(names).toEqual(expect.arrayContaining(['', 'amq.direct', 'amq.topic', name]));
      expect(names).toEqual([...names].sort());
      expect(await api('DELETE', path)).toMatchObject({ status: 204, body: undefined });
      expect(await api('DELETE', path)).toMatchObject({ status: 404, body: NOT_FOUND });
      expect(await api('GET', path)).toMatchObject({ status: 404, body: NOT_FOUND });
    });

    it('are refused with RabbitMQ’s words', async () => {
      expect(await api('PUT', '/exchanges/%2F/x', { type: 'bogus' })).toMatchObject({
        status: 400,
        body: { error: 'bad_request', reason: "unknown exchange type 'bogus'" },
      });
      for (const answer of [
        await api('PUT', '/exchanges/%2F/amq.mine', { type: 'direct' }),
        await api('DELETE', '/exchanges/%2F/amq.direct'),
      ])
        expect(answer).toMatchObject({
          status: 401,
          body: { error: 'not_authorised', reason: 'Access refused.' },
        });
      expect(await api('PUT', '/exchanges/%2F/x', 'no json')).toMatchObject({
        status: 400,
        body: { error: 'bad_request', reason: 'not_json' },
      });
      expect(await api('PUT', '/exchanges/no-such/x', {})).toMatchObject({
        status: 404,
        body: { error: 'not_found', reason: 'vhost_not_found' },
      });
    });
  });

  describe('queues', () => {
    it('are created, compared, shown and deleted', async () => {
      const name = harness.queueName();
      const path = `/queues/%2F/${name}`;
      const declared = { durable: true, arguments: { 'x-message-ttl': 60_000 } };
      expect(await api('PUT', path, declared)).toMatchObject({ status: 201 });
      expect(await api('PUT', path, declared)).toMatchObject({ status: 204 });
      expect(await api('PUT', path, { durable: true, arguments: { 'x-message-ttl': 5 } })).toMatchObject({
        status: 400,
        body: {
          error: 'bad_request',
          reason: `inequivalent arg 'x-message-ttl' for queue '${name}' in vhost '/': received '5' but current is '60000'`,
        },
      });
      expect(await api('PUT', path, { durable: true })).toMatchObject({
        status: 400,
        body: {
          reason: `inequivalent arg 'x-message-ttl' for queue '${name}' in vhost '/': received none but current is the value '60000' of type 'long'`,
        },
      });
      expect((await api('GET', path)).body).toMatchObject({
        name,
        vhost: '/',
        type: 'classic',
        durable: true,
        auto_delete: false,
        exclusive: false,
        arguments: { 'x-message-ttl': 60_000 },
        node: expect.any(String),
      });
      expect(await api('DELETE', path)).toMatchObject({ status: 204 });
      expect(await api('DELETE', path)).toMatchObject({ status: 404, body: NOT_FOUND });
      expect(await api('GET', path)).toMatchObject({ status: 404, body: NOT_FOUND });
    });

    it('say what is in them', async () => {
      const queue = await harness.queue();
      const channel = await harness.confirmChannel();
      for (let index = 0; index < 5; index += 1) channel.sendToQueue(queue, Buffer.alloc(10));
      await channel.waitForConfirms();
      await channel.prefetch(2);
      const consumer = await collect(channel, queue);
      // So it does with the figures of a queue, and not with all at once.
      type Shown = { messages_unacknowledged?: number; message_bytes?: number; consumers?: number };
      const body = await eventually(
        async () => (await api('GET', `/queues/%2F/${queue}`)).body as Shown,
        (shown) => shown.messages_unacknowledged === 2 && shown.message_bytes === 50 && shown.consumers === 1,
        'the counts',
      );
      expect(body).toMatchObject({
        messages: 5,
        messages_ready: 3,
        messages_unacknowledged: 2,
        message_bytes: 50,
        consumers: 1,
        state: 'running',
      });
      const listed = (await api('GET', '/consumers/%2F')).body as Record<string, unknown>[];
      expect(listed.find((each) => each.consumer_tag === consumer.consumerTag)).toMatchObject({
        ack_required: true,
        exclusive: false,
        prefetch_count: 2,
        queue: { name: queue, vhost: '/' },
        channel_details: { connection_name: expect.any(String), number: expect.any(Number) },
      });
      await channel.close();
    });

    it('are emptied', async () => {
      const queue = await harness.queue();
      const channel = await harness.confirmChannel();
      channel.sendToQueue(queue, Buffer.from('x'));
      await channel.waitForConfirms();
      expect(await api('DELETE', `/queues/%2F/${queue}/contents`)).toMatchObject({ status: 204 });
      expect((await channel.checkQueue(queue)).messageCount).toBe(0);
      expect(await api('DELETE', '/queues/%2F/no-such/contents')).toMatchObject({
        status: 404,
        body: NOT_FOUND,
      });
    });

    it('are listed in columns and pages', async () => {
      const prefix = harness.queueName();
      for (const suffix of ['a', 'b', 'c']) await api('PUT', `/queues/%2F/${prefix}-${suffix}`, {});
      expect(
        (await api('GET', `/queues/%2F?page=2&page_size=2&name=${prefix}&columns=name,durable`)).body,
      ).toMatchObject({
        filtered_count: 3,
        item_count: 1,
        items: [{ name: `${prefix}-c`, durable: false }],
        page: 2,
        page_count: 2,
        page_size: 2,
      });
      for (const suffix of ['a', 'b', 'c']) await api('DELETE', `/queues/%2F/${prefix}-${suffix}`);
    });
  });

  describe('bindings', () => {
    it('are created under a name of their own, shown and deleted', async () => {
      const [exchange, queue] = [harness.exchangeName(), harness.queueName()];
      await api('PUT', `/exchanges/%2F/${exchange}`, { type: 'topic' });
      await api('PUT', `/queues/%2F/${queue}`, {});
      const path = `/bindings/%2F/e/${exchange}/q/${queue}`;
      const awkward = 'a.*b c/d~e';
      const plain = await api('POST', path, { routing_key: awkward });
      expect(plain.status).toBe(201);
      expect(plain.headers.get('location')).toBe(`${queue}/a.%252Ab%2Bc%252Fd%257Ee`);
      expect((await api('POST', path, {})).headers.get('location')).toBe(`${queue}/~`);
      const withArguments = await api('POST', path, { routing_key: 'k', arguments: { x: 1 } });
      expect(withArguments.headers.get('location')).toMatch(new RegExp(`^${queue}/k~[A-Za-z0-9_-]{6}$`));
      const shown = (routing_key: string, properties_key: unknown, given = {}) => ({
        source: exchange,
        vhost: '/',
        destination: queue,
        destination_type: 'queue',
        routing_key,
        arguments: given,
        properties_key,
      });
      const all = [
        shown('', '~'),
        shown(awkward, 'a.%2Ab+c%2Fd%7Ee'),
        shown('k', expect.stringMatching(/^k~/), { x: 1 }),
      ];
      expect((await api('GET', path)).body).toEqual(all);
      expect((await api('GET', `/exchanges/%2F/${exchange}/bindings/source`)).body).toEqual(all);
      const implicit = { ...shown(queue, queue), source: '' };
      expect((await api('GET', `/queues/%2F/${queue}/bindings`)).body).toEqual([implicit, ...all]);
      expect((await api('GET', '/bindings/%2F')).body).toEqual(expect.arrayContaining([implicit, ...all]));
      const bindings = (await api('GET', path)).body as { properties_key: string }[];
      for (const { properties_key } of bindings) {
        const one = `${path}/${encodeURIComponent(properties_key)}`;
        expect((await api('GET', one)).body).toMatchObject({ properties_key });
        expect(await api('DELETE', one)).toMatchObject({ status: 204 });
        expect(await api('DELETE', one)).toMatchObject({ status: 404, body: NOT_FOUND });
      }
      expect((await api('GET', path)).body).toEqual([]);
      await api('DELETE', `/queues/%2F/${queue}`);
    });

    it('join exchanges', async () => {
      const [source, destination] = [harness.exchangeName(), harness.exchangeName()];
      for (const name of [source, destination]) await api('PUT', `/exchanges/%2F/${name}`, { type: 'topic' });
      expect(
        await api('POST', `/bindings/%2F/e/${source}/e/${destination}`, { routing_key: '#' }),
      ).toMatchObject({
        status: 201,
      });
      expect((await api('GET', `/exchanges/%2F/${destination}/bindings/destination`)).body).toEqual([
        expect.objectContaining({ source, destination, destination_type: 'exchange', properties_key: '%23' }),
      ]);
    });

    it('need both ends', async () => {
      expect(await api('POST', '/bindings/%2F/e/amq.topic/q/no-such', {})).toMatchObject({
        status: 404,
        body: { error: 'not_found', reason: "no queue 'no-such' in vhost '/'" },
      });
      expect(await api('POST', `/bindings/%2F/e/no-such/q/${await harness.queue()}`, {})).toMatchObject({
        status: 404,
        body: { error: 'not_found', reason: "no exchange 'no-such' in vhost '/'" },
      });
    });
  });

  describe('messages', () => {
    it('are published, looked at and taken', async () => {
      const queue = await harness.queue();
      const publish = (body: object) => api('POST', '/exchanges/%2F/amq.default/publish', body);
      expect(
        await publish({
          routing_key: queue,
          properties: {
            delivery_mode: 2,
            headers: { a: 1, t: true },
            content_type: 'text/plain',
            timestamp: 5,
          },
          payload: 'grüße',
          payload_encoding: 'string',
        }),
      ).toMatchObject({ status: 200, body: { routed: true } });
      expect(
        (await publish({ routing_key: queue, properties: {}, payload: '/wA=', payload_encoding: 'base64' }))
          .body,
      ).toEqual({ routed: true });
      expect(
        (await publish({ routing_key: 'nowhere', properties: {}, payload: '', payload_encoding: 'string' }))
          .body,
      ).toEqual({ routed: false });
      const get = (ackmode: string) =>
        api('POST', `/queues/%2F/${queue}/get`, { count: 5, ackmode, encoding: 'auto' });
      expect((await get('ack_requeue_true')).body).toEqual([
        {
          payload_bytes: 7,
          redelivered: false,
          exchange: '',
          routing_key: queue,
          message_count: 1,
          properties: {
            content_type: 'text/plain',
            headers: { a: 1, t: true },
            delivery_mode: 2,
            timestamp: 5,
          },
          payload: 'grüße',
          payload_encoding: 'string',
        },
        {
          payload_bytes: 2,
          redelivered: false,
          exchange: '',
          routing_key: queue,
          message_count: 0,
          properties: [],
          payload: '/wA=',
          payload_encoding: 'base64',
        },
      ]);
      const taken = await eventually(
        () => get('ack_requeue_false'),
        ({ body }) => (body as unknown[]).length === 2,
        'both messages are back',
      );
      expect(taken.body).toMatchObject([{ redelivered: true }, { redelivered: true }]);
      expect((await get('ack_requeue_false')).body).toEqual([]);
    });

    it('need all that is asked for, and a place to go', async () => {
      expect(await api('POST', '/exchanges/%2F/amq.topic/publish', { routing_key: 'k' })).toMatchObject({
        status: 400,
        body: {
          error: 'bad_request',
          reason: '[{key_missing,properties},\n {key_missing,payload},\n {key_missing,payload_encoding}]',
        },
      });
      const message = { routing_key: 'k', properties: {}, payload: 'x', payload_encoding: 'string' };
      expect(await api('POST', '/exchanges/%2F/no-such/publish', message)).toMatchObject({
        status: 400,
        body: { error: 'bad_request', reason: "404 NOT_FOUND - no exchange 'no-such' in vhost '/'" },
      });
      expect(
        await api('POST', '/queues/%2F/no-such/get', {
          count: 1,
          ackmode: 'ack_requeue_true',
          encoding: 'auto',
        }),
      ).toMatchObject({
        status: 404,
        body: { error: 'not_found', reason: "NOT_FOUND - no queue 'no-such' in vhost '/'" },
      });
    });
  });

  describe('connections', () => {
    it('are listed with their channels, and can be closed', async () => {
      const connection = await harness.connect();
      const channel = await connection.createConfirmChannel();
      await channel.prefetch(7);
      const errors: Error[] = [];
      connection.on('close', (error?: Error) => error !== undefined && errors.push(error));
      type Shown = { name: string; prefetch_count?: number; connection_details?: { name: string } };
      const mine = await eventually(
        async () =>
          ((await api('GET', '/channels')).body as Shown[]).find(
            ({ prefetch_count }) => prefetch_count === 7,
          ),
        (found) => found !== undefined,
        'the channel is listed',
      );
      expect(mine).toMatchObject({
        number: 1,
        confirm: true,
        transactional: false,
        user: harness.broker.user,
        vhost: '/',
        state: 'running',
      });
      const name = encodeURIComponent(mine?.connection_details?.name ?? '');
      expect((await api('GET', `/connections/${name}`)).body).toMatchObject({
        user: harness.broker.user,
        vhost: '/',
        protocol: 'AMQP 0-9-1',
        auth_mechanism: 'PLAIN',
        channel_max: expect.any(Number),
        frame_max: expect.any(Number),
        client_properties: { product: 'amqplib' },
      });
      expect(await api('DELETE', `/connections/${name}`)).toMatchObject({ status: 204 });
      const closed = await eventually(
        () => errors[0],
        (error) => error !== undefined,
        'the connection is closed',
      );
      expect(closed?.message).toContain('320 (CONNECTION-FORCED)');
    });
  });
}
