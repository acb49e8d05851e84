import { expect, it } from 'vitest';
import { eventually, type Harness, sleep, within } from '../harness.ts';
import { RawClient } from '../raw-client.ts';

export function connections(harness: Harness): void {
  it('names its extensions of the protocol', async () => {
    const { connection } = await harness.connect();
    const { product, capabilities } = connection.serverProperties as unknown as Record<string, unknown>;
    expect(product).toMatch(/./);
    expect(capabilities).toMatchObject({
      publisher_confirms: true,
      exchange_exchange_bindings: true,
      'basic.nack': true,
      consumer_cancel_notify: true,
      'connection.blocked': true,
      consumer_priorities: true,
      authentication_failure_close: true,
      per_consumer_qos: true,
      direct_reply_to: true,
    });
  });

  it('refuses a wrong password and an unknown user alike', async () => {
    for (const wrong of [{ password: 'wrong' }, { user: 'nobody' }])
      await expect(harness.connect(wrong)).rejects.toThrow(
        'Handshake terminated by server: 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - Login was refused ' +
          'using authentication mechanism PLAIN. For details see the broker logfile."',
      );
  });

  it('refuses a vhost that does not exist', async () => {
    await expect(harness.connect({ vhost: 'no-such' })).rejects.toThrow('got <ConnectionClose channel:0>');
  });

  it('keeps a connection with heartbeats alive while nothing is said', async () => {
    const connection = await harness.connect({}, { heartbeat: 1 });
    let error: unknown;
    connection.on('error', (thrown) => {
      error = thrown;
    });
    await sleep(3_500);
    expect(error).toBeUndefined();
    await (await connection.createChannel()).close();
  });

  it('opens channels again under numbers that were closed', async () => {
    const connection = await harness.connect();
    for (let round = 0; round < 3; round += 1) {
      const channels = await Promise.all(Array.from({ length: 20 }, () => connection.createChannel()));
      await Promise.all(channels.map((channel) => channel.close()));
    }
  });

  it('deletes the exclusive queues of a connection that ends', async () => {
    const connection = await harness.connect();
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    expect(queue).toMatch(/^amq\.gen-/);
    await connection.close();
    const { code } = await eventually(
      () => harness.closedBy((other) => other.checkQueue(queue)),
      (closed) => closed.code === 404,
      'the queue is gone',
    );
    expect(code).toBe(404);
  });

  it('gives back what a connection held that breaks off', async () => {
    const queue = await harness.queue();
    const channel = await harness.channel();
    channel.sendToQueue(queue, Buffer.from('held'));
    const connection = await harness.connect();
    const holding = await connection.createChannel();
    const got = await eventually(
      () => holding.get(queue),
      (message) => message !== false,
      'the message',
    );
    expect(got).not.toBe(false);
    (connection.connection as unknown as { stream: { destroy(): void } }).stream.destroy();
    const again = await eventually(
      () => channel.get(queue, { noAck: true }),
      (message) => message !== false,
      'the message comes back',
    );
    expect(again !== false && again.fields.redelivered).toBe(true);
  });

  it('cuts a client that is silent, between two and three intervals after its last word', async () => {
    const client = await RawClient.connect(harness.broker);
    await client.handshake(harness.broker, { heartbeat: 1 });
    const began = Date.now();
    await within(client.closed, 'the silent client is cut');
    // Timers of others may be late, never early: RabbitMQ took 2.96 s.
    expect(Date.now() - began).toBeGreaterThan(2_500);
  });
}
