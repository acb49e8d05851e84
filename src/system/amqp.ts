import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { keepProperties, propertiesOf, publishAsIs } from '../amqp/raw-frames.ts';
import type { AmqpConnect, RawMessage } from '../context.ts';
import { UNROUTED } from '../model/event.ts';

/** AMQP through `amqplib`, loaded when first used. No reconnection: the caller decides. */
export const connectAmqp: AmqpConnect = async (url, { timeoutMs, name }) => {
  const { default: amqplib } = await import('amqplib');
  const { username, password } = new URL(url);
  // amqplib would read the bytes of other letters than ASCII's as a letter each.
  const credentials =
    username === ''
      ? {}
      : {
          credentials: amqplib.credentials.plain(decodeURIComponent(username), decodeURIComponent(password)),
        };
  const connection = await amqplib.connect(url, {
    ...credentials,
    timeout: timeoutMs,
    noDelay: true,
    clientProperties: { connection_name: name },
  });
  // A broker that goes away is told by the next call; the event alone must not end the command.
  connection.on('error', () => {});
  keepProperties(connection);
  return {
    async tap(bindings, onMessage) {
      const channel = await connection.createChannel();
      channel.on('error', () => {});
      const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true, durable: false });
      for (const { exchange, routingKey } of bindings) await channel.bindQueue(queue, exchange, routingKey);
      await channel.consume(
        queue,
        (message) => {
          if (message === null) return;
          onMessage({ ...rawMessage(message), receivedAt: performance.now() });
        },
        { noAck: true },
      );
    },
    async publish({ exchange, routingKey }, content, { deliveryMode, ...properties } = {}) {
      const channel = await connection.createConfirmChannel();
      try {
        await new Promise<void>((resolve, reject) => {
          channel.once('return', () =>
            reject(
              Object.assign(
                new Error(
                  exchange === ''
                    ? `there is no queue ${routingKey}`
                    : `no queue is bound to ${exchange} with the routing key ${routingKey}`,
                ),
                { code: UNROUTED },
              ),
            ),
          );
          // The reason, such as NOT_FOUND; that the channel is closed comes after it.
          channel.on('error', reject);
          channel.once('close', () => reject(new Error('the broker closed the channel')));
          channel.publish(
            exchange,
            routingKey,
            content,
            { ...properties, mandatory: true, persistent: deliveryMode !== 1 },
            (error) => (error ? reject(error) : resolve()),
          );
        });
      } finally {
        await channel.close().catch(() => {});
      }
    },
    async inspectQueue(queue) {
      const channel = await connection.createChannel();
      channel.on('error', () => {});
      try {
        const { messageCount, consumerCount } = await channel.checkQueue(queue);
        return { messages: messageCount, consumers: consumerCount };
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 404) return undefined;
        throw error;
      } finally {
        await channel.close().catch(() => {});
      }
    },
    exchangeExists: (name) => isThere(connection, (channel) => channel.checkExchange(name)),
    declareExchange: (exchange) =>
      withChannel(connection, (channel) =>
        channel.assertExchange(exchange.name, exchange.type, {
          durable: exchange.durable,
          autoDelete: exchange.auto_delete,
          internal: exchange.internal,
          arguments: exchange.arguments,
        }),
      ),
    declareQueue: (queue) =>
      withChannel(connection, (channel) =>
        channel.assertQueue(queue.name, {
          durable: queue.durable,
          autoDelete: queue.auto_delete,
          arguments: queue.arguments,
        }),
      ),
    bind: ({ source, destination, destination_type, routing_key, arguments: args }) =>
      withChannel(connection, (channel) =>
        destination_type === 'queue'
          ? channel.bindQueue(destination, source, routing_key, args)
          : channel.bindExchange(destination, source, routing_key, args),
      ),
    unbind: ({ source, destination, destination_type, routing_key, arguments: args }) =>
      withChannel(connection, (channel) =>
        destination_type === 'queue'
          ? channel.unbindQueue(destination, source, routing_key, args)
          : channel.unbindExchange(destination, source, routing_key, args),
      ),
    async hold(queue, count) {
      const channel = await connection.createChannel();
      channel.on('error', () => {});
      try {
        const { messageCount } = await channel.checkQueue(queue);
        const held = await firstMessages(channel, queue, Math.min(count, messageCount));
        return {
          messages: held.map(rawMessage),
          async acknowledge(places) {
            const last = held.at(-1);
            if (places === undefined && last !== undefined) channel.ack(last, true);
            for (const place of places ?? []) {
              const message = held[place];
              if (message !== undefined) channel.ack(message);
            }
            // The broker's answer to this says that it has the acknowledgements.
            await channel.checkQueue(queue);
          },
          release: () => channel.close(),
        };
      } catch (error) {
        await channel.close().catch(() => {});
        throw error;
      }
    },
    async peek(queue, count) {
      for (let tries = 1; ; tries += 1) {
        try {
          return await peekOnce(connection, queue, count);
        } catch (error) {
          if (error instanceof Error && 'code' in error && error.code === 404) return undefined;
          const isHeld = error instanceof Error && 'code' in error && error.code === ACCESS_REFUSED;
          if (!isHeld || tries >= PEEK_TRIES) throw error;
          await sleep(PEEK_PAUSE_MS);
        }
      }
    },
    async publishAll(exchange, messages) {
      const channel = await connection.createConfirmChannel();
      channel.on('error', () => {});
      let returned = 0;
      channel.on('return', () => {
        returned += 1;
      });
      try {
        for (const { routingKey, properties, content } of messages)
          publishAsIs(channel, { exchange, routingKey }, content, properties);
        await channel.waitForConfirms();
        if (returned > 0) throw new Error(`no queue is bound to ${exchange}`);
      } finally {
        await channel.close().catch(() => {});
      }
    },
    async close() {
      await connection.close().catch(() => {});
    },
  };
};

/** Does something on a channel of its own, which an error of the broker closes. */
async function withChannel(
  connection: ChannelModel,
  work: (channel: Channel) => Promise<unknown>,
): Promise<void> {
  const channel = await connection.createChannel();
  channel.on('error', () => {});
  try {
    await work(channel);
  } finally {
    await channel.close().catch(() => {});
  }
}

async function isThere(
  connection: ChannelModel,
  check: (channel: Channel) => Promise<unknown>,
): Promise<boolean> {
  try {
    await withChannel(connection, check);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 404) return false;
    throw error;
  }
}

const ACCESS_REFUSED = 403;
/** Somebody else who looks at the queue is done in milliseconds. */
const PEEK_TRIES = 40;
const PEEK_PAUSE_MS = 25;

/** Alone at the queue: of two who look at the same time each would get a part. */
async function peekOnce(connection: ChannelModel, queue: string, count: number): Promise<RawMessage[]> {
  const channel = await connection.createChannel();
  channel.on('error', () => {});
  try {
    const { messageCount, consumerCount } = await channel.checkQueue(queue);
    if (consumerCount > 0)
      throw Object.assign(new Error(`the queue ${queue} is in use`), { code: ACCESS_REFUSED });
    const held = await firstMessages(channel, queue, Math.min(count, messageCount), { exclusive: true });
    return held.map(rawMessage);
  } finally {
    await channel.close().catch(() => {});
  }
}

function rawMessage(message: ConsumeMessage): RawMessage {
  const { exchange, routingKey } = message.fields;
  return { exchange, routingKey, properties: propertiesOf(message), content: message.content };
}

/** A message that was promised and does not come within this time has gone otherwise. */
const SILENCE_MS = 2_000;

/**
 * The first messages of a queue, unacknowledged. Consumed rather than fetched: queues with a single active consumer
 * know no fetching.
 */
async function firstMessages(
  channel: Channel,
  queue: string,
  count: number,
  { exclusive = false } = {},
): Promise<ConsumeMessage[]> {
  const held: ConsumeMessage[] = [];
  if (count === 0) return held;
  // A consumer that has all it may have is not counted as one.
  await channel.prefetch(exclusive ? count + 1 : count);
  let consumerTag = '';
  await new Promise<void>((resolve, reject) => {
    let silence = setTimeout(resolve, SILENCE_MS);
    // The error comes first, and says why.
    channel.once('error', reject);
    channel.once('close', () => reject(new Error('the broker closed the channel')));
    channel
      .consume(
        queue,
        (message) => {
          if (message === null) {
            reject(new Error(`the queue ${queue} is gone`));
            return;
          }
          held.push(message);
          clearTimeout(silence);
          if (held.length >= count) resolve();
          else silence = setTimeout(resolve, SILENCE_MS);
        },
        { exclusive },
      )
      .then((consuming) => {
        consumerTag = consuming.consumerTag;
      }, reject);
  });
  // An exclusive consumer goes with its channel: until then nobody else may believe that the queue is empty.
  if (consumerTag !== '' && !exclusive) await channel.cancel(consumerTag);
  return held;
}
