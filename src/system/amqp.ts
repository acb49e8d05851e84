import type { AmqpConnect } from '../context.ts';

/** AMQP through `amqplib`, loaded when first used. No reconnection: the caller decides. */
export const connectAmqp: AmqpConnect = async (url, { timeoutMs, name }) => {
  const { default: amqplib } = await import('amqplib');
  const connection = await amqplib.connect(url, {
    timeout: timeoutMs,
    noDelay: true,
    clientProperties: { connection_name: name },
  });
  // A broker that goes away is told by the next call; the event alone must not end the command.
  connection.on('error', () => {});
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
          onMessage({
            exchange: message.fields.exchange,
            routingKey: message.fields.routingKey,
            ...(message.properties.correlationId === undefined
              ? {}
              : { correlationId: String(message.properties.correlationId) }),
            ...(message.properties.messageId === undefined
              ? {}
              : { messageId: String(message.properties.messageId) }),
            headers: message.properties.headers ?? {},
            content: message.content,
            receivedAt: performance.now(),
          });
        },
        { noAck: true },
      );
    },
    async publish({ exchange, routingKey }, content, properties = {}) {
      const channel = await connection.createConfirmChannel();
      channel.on('error', () => {});
      try {
        await new Promise<void>((resolve, reject) => {
          channel.once('return', () =>
            reject(new Error(`no queue is bound to ${exchange} with the routing key ${routingKey}`)),
          );
          channel.once('close', () => reject(new Error('the broker closed the channel')));
          channel.publish(
            exchange,
            routingKey,
            content,
            { ...properties, mandatory: true, persistent: true },
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
    async close() {
      await connection.close().catch(() => {});
    },
  };
};
