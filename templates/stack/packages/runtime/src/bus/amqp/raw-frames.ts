// This file and message-properties.ts stand in qbtc (src/amqp) and, as the same text, in the runtime (src/bus/amqp) of a stack.
import type { Writable } from 'node:stream';
import type { Channel, ChannelModel } from 'amqplib';
import { MessageProperties } from './message-properties.ts';

/** What amqplib 2 has inside: it decodes and encodes properties there, and by that changes them. */
interface Inside {
  /** Bytes that have come and were not read yet. */
  rest: Buffer;
  /** The next frame, decoded; reads from the socket and calls itself again where `rest` holds no whole one. */
  recvFrame(): unknown;
  sendContent(channel: number, content: Buffer): boolean;
  channels: ({ buffer: Writable } | null)[];
}

const FRAME = { method: 1, header: 2, end: 0xce } as const;
/** Type, channel and size in front of a payload, and the mark after it. */
const FRAME_HEADER_BYTES = 7;
const FRAME_OVERHEAD = 8;
const BASIC = 60;
const BASIC_PUBLISH = [0, BASIC, 0, 40];

const KEPT = Symbol('the properties as they came');

/**
 * Keeps the properties of every message that the connection delivers from now on as the bytes that they came as
 * (`propertiesOf`). Beside them they can be read as amqplib gives them, without its losses.
 */
export function keepProperties(connection: ChannelModel): void {
  const inside = insideOf(connection);
  const decode = inside.recvFrame;
  if (typeof decode !== 'function' || typeof inside.sendContent !== 'function')
    throw new TypeError(
      'this version of amqplib is another inside: messages could not be passed on unchanged',
    );
  inside.recvFrame = () => headerFrame(inside) ?? decode.call(inside);
}

/** The properties of a message as they came. */
export function propertiesOf({ properties }: { properties: object }): MessageProperties {
  const kept = (properties as { [KEPT]?: MessageProperties })[KEPT];
  if (kept === undefined) throw new TypeError('the connection of this message does not keep properties');
  return kept;
}

/** Publishes a message with exactly these properties, mandatory. `settled` is called as that of a confirm channel is. */
export function publishAsIs(
  channel: Channel,
  { exchange, routingKey }: { exchange: string; routingKey: string },
  content: Buffer,
  properties: MessageProperties,
  settled: (error: unknown) => void = () => {},
): void {
  const { connection, ch, pushConfirmCallback } = channel as unknown as {
    connection: Inside;
    ch: number;
    pushConfirmCallback?(settled: (error: unknown) => void): void;
  };
  const buffer = connection.channels[ch]?.buffer;
  // A channel that is closed has no place any more: amqplib's own way of saying so.
  if (buffer === undefined) throw new Error('Channel closed');
  pushConfirmCallback?.call(channel, settled);
  const [to, key] = [Buffer.from(exchange), Buffer.from(routingKey)];
  const MANDATORY = 1;
  const publish = [
    Buffer.from([...BASIC_PUBLISH, 0, 0, to.length]),
    ...[to, Buffer.from([key.length]), key, Buffer.from([MANDATORY])],
  ];
  const head = Buffer.alloc(12);
  head.writeUInt16BE(BASIC, 0);
  head.writeBigUInt64BE(BigInt(content.length), 4);
  buffer.write(
    Buffer.concat([
      frame(FRAME.method, ch, Buffer.concat(publish)),
      frame(FRAME.header, ch, Buffer.concat([head, properties.bytes])),
    ]),
  );
  connection.sendContent(ch, content);
}

function insideOf({ connection }: ChannelModel): Inside {
  return connection as unknown as Inside;
}

/** The content header at the head of what has come, taken out of it; `undefined` when something else is there. */
function headerFrame(inside: Inside): unknown {
  const { rest } = inside;
  if (rest.length < FRAME_HEADER_BYTES || rest[0] !== FRAME.header) return undefined;
  const end = FRAME_HEADER_BYTES + rest.readUInt32BE(3);
  // What is cut off or no frame at all is amqplib's to read on, or to refuse.
  if (rest.length <= end || rest[end] !== FRAME.end || rest.readUInt16BE(FRAME_HEADER_BYTES) !== BASIC)
    return undefined;
  inside.rest = rest.subarray(end + 1);
  return {
    id: BASIC,
    channel: rest.readUInt16BE(1),
    size: Number(rest.readBigUInt64BE(FRAME_HEADER_BYTES + 4)),
    fields: new Readable(new MessageProperties(Buffer.from(rest.subarray(FRAME_HEADER_BYTES + 12, end)))),
  };
}

/** As amqplib gives properties, with those that came beside them. Each is decoded when somebody asks for it. */
class Readable {
  readonly [KEPT]: MessageProperties;

  constructor(kept: MessageProperties) {
    this[KEPT] = kept;
  }

  get contentType() {
    return this[KEPT].text('contentType');
  }
  get contentEncoding() {
    return this[KEPT].text('contentEncoding');
  }
  get headers() {
    return this[KEPT].headers;
  }
  get deliveryMode() {
    return this[KEPT].octet('deliveryMode');
  }
  get priority() {
    return this[KEPT].octet('priority');
  }
  get correlationId() {
    return this[KEPT].text('correlationId');
  }
  get replyTo() {
    return this[KEPT].text('replyTo');
  }
  get expiration() {
    return this[KEPT].text('expiration');
  }
  get messageId() {
    return this[KEPT].text('messageId');
  }
  get timestamp() {
    return this[KEPT].timestamp;
  }
  get type() {
    return this[KEPT].text('type');
  }
  get userId() {
    return this[KEPT].text('userId');
  }
  get appId() {
    return this[KEPT].text('appId');
  }
  get clusterId() {
    return this[KEPT].text('clusterId');
  }
}

function frame(type: number, channel: number, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(payload.length + FRAME_OVERHEAD);
  bytes.writeUInt8(type, 0);
  bytes.writeUInt16BE(channel, 1);
  bytes.writeUInt32BE(payload.length, 3);
  payload.copy(bytes, FRAME_HEADER_BYTES);
  bytes.writeUInt8(FRAME.end, payload.length + FRAME_HEADER_BYTES);
  return bytes;
}
