import { connect, type Socket } from 'node:net';
import { FRAME, FRAME_END, FrameParser } from '../../../src/embedded/broker/codec/frames.ts';
import {
  AMQP_0_9_1,
  type Method,
  type MethodFields,
  type MethodName,
  readMethod,
  writeMethod,
} from '../../../src/embedded/broker/codec/methods.ts';
import { Reader } from '../../../src/embedded/broker/codec/reader.ts';
import { Writer } from '../../../src/embedded/broker/codec/writer.ts';
import type { AmqpAccess } from '../../support/rabbitmq.ts';
import { within } from './harness.ts';

export const PROTOCOL_HEADER = Buffer.from('AMQP\0\0\x09\x01', 'latin1');

export function frame(type: number, channel: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(7);
  header.writeUInt8(type, 0);
  header.writeUInt16BE(channel, 1);
  header.writeUInt32BE(payload.length, 3);
  return Buffer.concat([header, payload, Buffer.from([FRAME_END])]);
}

export function method<Name extends MethodName>(
  channel: number,
  name: Name,
  fields: MethodFields<Name>,
  dialect = AMQP_0_9_1,
): Buffer {
  const writer = new Writer();
  writeMethod(writer, name, fields, dialect);
  return frame(FRAME.method, channel, writer.copy());
}

/** A client that sends what it is told, frame by frame, and remembers the methods that come back. */
export class RawClient {
  readonly socket: Socket;
  /** The version of the protocol that it speaks. */
  dialect = AMQP_0_9_1;
  readonly received: (Method & { channel: number })[] = [];
  readonly bytes: Buffer[] = [];
  readonly closed: Promise<void>;
  /** Called with each method that comes. */
  private readonly waiting: (() => void)[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    const parser = new FrameParser({
      onFrame: (type, channel, buffer, start, end) => {
        if (type !== FRAME.method) return true;
        const name = this.dialect.nameOf(buffer.readUInt32BE(start));
        if (name !== undefined)
          this.received.push({
            channel,
            ...readMethod(name, new Reader(buffer, start + 4, end), this.dialect),
          });
        for (const wake of this.waiting.splice(0)) wake();
        return true;
      },
      onFault: () => undefined,
    });
    parser.frameMax = 0;
    socket.on('data', (chunk) => {
      this.bytes.push(chunk);
      if (this.bytes[0]?.toString('latin1', 0, 4) !== 'AMQP') parser.push(chunk);
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  static async connect({ amqpUrl }: AmqpAccess): Promise<RawClient> {
    const url = new URL(amqpUrl);
    const socket = connect(Number(url.port), url.hostname);
    socket.setNoDelay(true);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new RawClient(socket);
  }

  /** A client that has come through the handshake and opened channel 1. */
  static async open(broker: AmqpAccess): Promise<RawClient> {
    const client = await RawClient.connect(broker);
    await client.handshake(broker);
    client.send(method(1, 'channel.open', { outOfBand: '' }));
    await client.expect('channel.open-ok');
    return client;
  }

  send(...parts: Buffer[]): void {
    this.socket.write(Buffer.concat(parts));
  }

  async handshake(
    { user, password, vhost }: AmqpAccess,
    tune: Partial<MethodFields<'connection.tune-ok'>> = {},
  ): Promise<void> {
    await this.login(`\0${user}\0${password}`);
    await this.expect('connection.tune');
    this.send(method(0, 'connection.tune-ok', { channelMax: 100, frameMax: 8192, heartbeat: 0, ...tune }));
    this.send(method(0, 'connection.open', { virtualHost: vhost, capabilities: '', insist: false }));
    await this.expect('connection.open-ok');
  }

  async login(response: string, mechanism = 'PLAIN'): Promise<void> {
    this.send(PROTOCOL_HEADER);
    await this.expect('connection.start');
    this.send(
      method(0, 'connection.start-ok', {
        clientProperties: new Map(),
        mechanism,
        response: Buffer.from(response),
        locale: 'en_US',
      }),
    );
  }

  /** The first method of a name that has come, waited for. */
  async expect<Name extends MethodName>(name: Name): Promise<MethodFields<Name>> {
    const find = async () => {
      for (;;) {
        const found = this.received.find((each) => each.name === name);
        if (found !== undefined) return found.fields as MethodFields<Name>;
        await new Promise<void>((resolve) => this.waiting.push(resolve));
      }
    };
    return within(find(), `${name} after ${this.received.map((each) => each.name).join(', ')}`);
  }

  /** How the broker closes the connection. */
  async closedBy(): Promise<{ code: number; text: string; method: string }> {
    const { replyCode, replyText, classId, methodId } = await this.expect('connection.close');
    this.send(method(0, 'connection.close-ok', {}));
    await within(this.closed, 'the socket is closed');
    return { code: replyCode, text: replyText, method: `${classId}.${methodId}` };
  }

  end(): void {
    this.socket.destroy();
  }
}
