import { expect, it } from 'vitest';
import { collect, eventually, type Harness } from '../harness.ts';

const FAMILIES = [
  'rabbitmq_build_info',
  'rabbitmq_identity_info',
  'rabbitmq_connections',
  'rabbitmq_channels',
  'rabbitmq_queues',
  'rabbitmq_consumers',
  'rabbitmq_connections_opened_total',
  'rabbitmq_channels_opened_total',
  'rabbitmq_queues_created_total',
  'rabbitmq_queues_deleted_total',
  'rabbitmq_auth_attempts_succeeded_total',
  'rabbitmq_alarms_memory_used_watermark',
  'rabbitmq_process_resident_memory_bytes',
  'rabbitmq_queue_messages',
  'rabbitmq_queue_messages_ready',
  'rabbitmq_queue_messages_unacked',
  'rabbitmq_queue_messages_ready_bytes',
  'rabbitmq_queue_consumers',
  'rabbitmq_global_messages_received_total',
];

export function metrics(harness: Harness): void {
  const read = async (path = '/metrics') => {
    const response = await fetch(`${harness.broker.metricsUrl}${path}`);
    expect(response.status).toBe(200);
    const values = new Map<string, number>();
    for (const line of (await response.text()).split('\n')) {
      const [, name, value] = /^(\w+(?:\{.*\})?) (\S+)$/.exec(line) ?? [];
      if (name !== undefined)
        values.set(
          name.replace(/\{protocol="amqp091"(,queue_type="rabbit_classic_queue")?\}/, ''),
          Number(value),
        );
    }
    return values;
  };

  it('are there under RabbitMQ’s names', async () => {
    const names = new Set([...(await read()).keys()].map((name) => name.replace(/\{.*/, '')));
    expect(FAMILIES.filter((name) => !names.has(name))).toEqual([]);
  });

  it('count what is published, routed, confirmed, delivered and acknowledged', async () => {
    const queue = await harness.queue();
    const channel = await harness.confirmChannel();
    const names = ['received', 'received_confirm', 'routed', 'confirmed', 'delivered', 'acknowledged'];
    const totals = async () => {
      const values = await read();
      return names.map((name) => values.get(`rabbitmq_global_messages_${name}_total`) ?? 0);
    };
    const before = await totals();
    for (let i = 0; i < 3; i += 1) channel.sendToQueue(queue, Buffer.from('x'));
    channel.publish('amq.topic', 'nowhere', Buffer.from('x'));
    await channel.waitForConfirms();
    const consumer = await harness.channel();
    const received = await collect(consumer, queue);
    await received.arrived(3);
    for (const message of received.messages) consumer.ack(message);
    await consumer.close();
    const change = await eventually(
      async () => (await totals()).map((total, index) => total - (before[index] ?? 0)),
      (each) => each.at(-1) === 3,
      'the metrics follow',
    );
    expect(change).toEqual([4, 4, 3, 4, 3, 3]);
  });

  it('show what is in each queue', async () => {
    const queue = await harness.queue();
    const channel = await harness.confirmChannel();
    for (let i = 0; i < 2; i += 1) channel.sendToQueue(queue, Buffer.from('12345'));
    await channel.waitForConfirms();
    const value = (values: Map<string, number>, name: string) =>
      [...values].find(([key]) => key.startsWith(`${name}{`) && key.includes(`queue="${queue}"`))?.[1];
    const values = await eventually(
      () => read('/metrics/per-object'),
      (each) => value(each, 'rabbitmq_queue_messages_ready') === 2,
      'the queue is shown',
    );
    expect(value(values, 'rabbitmq_queue_messages_ready_bytes')).toBe(10);
    expect(value(values, 'rabbitmq_queue_consumers')).toBe(0);
  });
}
