import { MessageProperties } from '../../amqp/message-properties.ts';
import { brokerAccess } from '../../broker/access.ts';
import { onBroker } from '../../broker/connection.ts';
import type { AmqpConnection, RawMessage } from '../../context.ts';
import { FLOOD_MESSAGES } from '../../model/chaos.ts';
import { deadLetterQueues, desiredOf } from '../../topology/index.ts';
import type { FaultKind } from '../fault-kind.ts';

const CLIENT = 'qbtc chaos';
const BATCH = 500;

/** Fills a queue with messages that no consumer can read; each carries the mark by which they are taken out again. */
export const flood: FaultKind = {
  about: 'a queue filled with messages that nobody can read',
  subjects: async (stack) => (await desiredOf(stack)).topology.queues.map(({ name }) => name),
  takes: ['count'],
  async inject({ context, stack }, { name, subject, options }, remember) {
    await remember({});
    const { count = FLOOD_MESSAGES.default } = options;
    await onBroker(context, brokerAccess(stack), CLIENT, async (connection) => {
      for (let sent = 0; sent < count; sent += BATCH) {
        const messages = Array.from({ length: Math.min(BATCH, count - sent) }, (_, index) =>
          marked(name, subject, sent + index),
        );
        await connection.publishAll('', messages);
      }
    });
  },
  async undo({ context, stack }, { name, subject }) {
    const { topology } = await desiredOf(stack);
    await onBroker(context, brokerAccess(stack), CLIENT, async (connection) => {
      for (const queue of new Set([subject, ...deadLetterQueues(topology)]))
        await takeOut(connection, queue, name);
    });
  },
};

function marked(fault: string, queue: string, index: number): RawMessage {
  return {
    exchange: '',
    routingKey: queue,
    properties: MessageProperties.of({ contentType: 'application/json', messageId: `${fault}-${index}` }),
    content: Buffer.from(JSON.stringify({ chaos: fault, index })),
  };
}

/** Looks at what is in the queue now, batch by batch, and takes out what is marked. */
async function takeOut(connection: AmqpConnection, queue: string, fault: string): Promise<void> {
  const mark = `{"chaos":${JSON.stringify(fault)},`;
  for (;;) {
    const depth = (await connection.inspectQueue(queue))?.messages ?? 0;
    if (depth === 0) return;
    const held = await connection.hold(queue, depth);
    const ours = held.messages.flatMap(({ content }, place) =>
      content.subarray(0, mark.length).toString() === mark ? [place] : [],
    );
    try {
      if (ours.length > 0) await held.acknowledge(ours);
    } finally {
      await held.release();
    }
    if (ours.length === 0) return;
  }
}
