import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AMQP_0_9_1,
  type MethodFields,
  type MethodName,
  methodId,
  readMethod,
  writeMethod,
} from '../../../../src/embedded/broker/codec/methods.ts';
import {
  type Properties,
  readProperties,
  summarize,
  writeProperties,
} from '../../../../src/embedded/broker/codec/properties.ts';
import { Reader } from '../../../../src/embedded/broker/codec/reader.ts';
import { Writer } from '../../../../src/embedded/broker/codec/writer.ts';

// amqplib knows the specification from another source than this codec does; its exports hide the file.
const require = createRequire(import.meta.url);
const amqplib = dirname(require.resolve('amqplib'));
const { decode, info, constants } = require(join(amqplib, 'lib', 'defs.js')) as {
  decode: (id: number, bytes: Buffer) => Record<string, unknown>;
  info: (id: number) => { name: string; args: { name: string; type: string }[] };
  constants: Record<string, number>;
};

const shortText = fc.string({ unit: 'grapheme', maxLength: 30 });

function encode<Name extends MethodName>(name: Name, fields: MethodFields<Name>): Buffer {
  const writer = new Writer();
  writeMethod(writer, name, fields);
  return writer.copy();
}

describe('methods', () => {
  it('have the ids, names and arguments that amqplib knows', () => {
    let compared = 0;
    for (let classId = 10; classId < 100; classId += 10)
      for (let id = 0; id < 130; id += 1) compared += compare(classId * 0x10000 + id);
    for (let id = 0; id < 130; id += 1) compared += compare(85 * 0x10000 + id);
    expect(compared).toBe(66);
  });

  function compare(id: number): number {
    let known: ReturnType<typeof info> | undefined;
    try {
      known = info(id);
    } catch {
      known = undefined;
    }
    const name = AMQP_0_9_1.nameOf(id);
    if (name === undefined || known?.args === undefined) {
      expect([name, known?.args], `method ${id >>> 16}.${id & 0xffff}`).toEqual([undefined, undefined]);
      return 0;
    }
    expect(methodId(name)).toBe(id);
    expect(known.name.toLowerCase()).toBe(name.replace(/[.-]/g, ''));
    return 1;
  }

  it('come back as they were', () => {
    fc.assert(
      fc.property(shortText, shortText, fc.nat(), fc.boolean(), fc.boolean(), (a, b, number, yes, no) => {
        const fields: MethodFields<'basic.deliver'> = {
          consumerTag: a,
          deliveryTag: number * 2 ** 20,
          redelivered: yes,
          exchange: b,
          routingKey: a,
        };
        const encoded = encode('basic.deliver', fields);
        expect(readMethod('basic.deliver', new Reader(encoded, 4)).fields).toEqual(fields);
        expect(decode(methodId('basic.deliver'), encoded.subarray(4))).toEqual(fields);
        const declare: MethodFields<'queue.declare'> = {
          ticket: 0,
          queue: a,
          passive: yes,
          durable: no,
          exclusive: yes,
          autoDelete: no,
          nowait: yes,
          arguments: new Map([[b, { type: 'bool', value: no }]]),
        };
        const declared = encode('queue.declare', declare);
        expect(readMethod('queue.declare', new Reader(declared, 4)).fields).toEqual(declare);
        expect(decode(methodId('queue.declare'), declared.subarray(4))).toMatchObject({
          queue: a,
          passive: yes,
          durable: no,
          exclusive: yes,
          autoDelete: no,
          nowait: yes,
        });
      }),
    );
  });

  it('end where their arguments end', () => {
    const encoded = Buffer.concat([encode('basic.qos-ok', {}), Buffer.from([0])]);
    expect(() => readMethod('basic.qos-ok', new Reader(encoded, 4))).toThrow('more bytes than arguments');
  });
});

describe('properties', () => {
  const text = fc.option(shortText, { nil: undefined });
  const octet = fc.option(fc.nat({ max: 255 }), { nil: undefined });
  const properties: fc.Arbitrary<Properties> = fc
    .record({
      content_type: text,
      content_encoding: text,
      headers: fc.option(
        fc
          .dictionary(shortText, shortText)
          .map(
            (headers) =>
              new Map(
                Object.entries(headers).map(([key, value]) => [key, { type: 'longstr' as const, value }]),
              ),
          ),
        { nil: undefined },
      ),
      delivery_mode: octet,
      priority: octet,
      correlation_id: text,
      reply_to: text,
      expiration: text,
      message_id: text,
      timestamp: fc.option(fc.bigInt({ min: 0n, max: 2n ** 53n }), { nil: undefined }),
      type: text,
      user_id: text,
      app_id: text,
      cluster_id: text,
    })
    .map((record) => Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)));

  it('come back as they were, also for amqplib', () => {
    fc.assert(
      fc.property(properties, (value) => {
        const encoded = writeProperties(value);
        expect(readProperties(encoded)).toEqual(value);
        const decoded = decode(constants.BasicProperties ?? 60, encoded);
        expect(decoded.correlationId).toBe(value.correlation_id);
        expect(decoded.clusterId).toBe(value.cluster_id);
      }),
    );
  });

  it('are summarized without being decoded', () => {
    fc.assert(
      fc.property(properties, (value) => {
        expect(summarize(writeProperties(value))).toMatchObject({
          persistent: value.delivery_mode === 2,
          priority: value.priority ?? 0,
          expiration: value.expiration,
          replyTo: value.reply_to,
          userId: value.user_id,
        });
      }),
    );
  });
});
