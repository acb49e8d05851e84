import { expect, it } from 'vitest';
import { FRAME } from '../../../../src/embedded/broker/codec/frames.ts';
import { decodeOctets } from '../../../../src/embedded/broker/codec/octet-text.ts';
import { type Properties, writeProperties } from '../../../../src/embedded/broker/codec/properties.ts';
import { eventually, type Harness } from '../harness.ts';
import { frame, method, RawClient } from '../raw-client.ts';

const octets = (...bytes: number[]) => decodeOctets(Buffer.from(bytes));

/** Texts of messages whose bytes are no UTF-8: RabbitMQ looks at those of methods only. */
export function octetTexts(harness: Harness): void {
  const publish = (queue: string, properties: Properties): Buffer[] => {
    const encoded = writeProperties(properties);
    const header = Buffer.alloc(12);
    header.writeUInt16BE(60, 0);
    header.writeUInt32BE(1, 8);
    return [
      method(1, 'basic.publish', {
        ticket: 0,
        exchange: '',
        routingKey: queue,
        mandatory: false,
        immediate: false,
      }),
      frame(FRAME.header, 1, Buffer.concat([header, encoded])),
      frame(FRAME.body, 1, Buffer.from('x')),
    ];
  };

  it.each<[string, Properties, number[]]>([
    ['a property', { correlation_id: octets(0xff, 0x41) }, [2, 0xff, 0x41]],
    [
      'the key of a header',
      { headers: new Map([[octets(0xfe), { type: 'void', value: null }]]) },
      [1, 0xfe, 0x56],
    ],
  ])('takes them along through a dead letter: %s', async (_, properties, bytes) => {
    const dead = await harness.queue();
    const queue = await harness.queue({ deadLetterExchange: '', deadLetterRoutingKey: dead, messageTtl: 1 });
    const client = await RawClient.open(harness.broker);
    client.send(...publish(queue, properties));
    const channel = await harness.channel();
    await eventually(
      () => channel.checkQueue(dead),
      ({ messageCount }) => messageCount === 1,
      'the dead letter',
    );
    client.send(method(1, 'basic.get', { ticket: 0, queue: dead, noAck: true }));
    const received = () => Buffer.concat(client.bytes);
    await eventually(received, (all) => all.includes('x-first-death-queue'), 'the message');
    expect(received().includes(Buffer.from(bytes))).toBe(true);
    client.end();
    await channel.close();
  });
}
