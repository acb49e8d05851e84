import type { Socket } from 'node:net';
import type { Channel } from '../channel/channel.ts';
import { readPublishTarget } from '../channel/content.ts';
import type { ChannelContext } from '../channel/context.ts';
import { printSnippet } from '../codec/erlang.ts';
import { FRAME, type FrameFault, FrameParser, type FrameSink } from '../codec/frames.ts';
import { idsOf, type Method, type MethodName, methodId } from '../codec/methods.ts';
import { Reader } from '../codec/reader.ts';
import type { Table } from '../codec/table.ts';
import { AmqpError } from '../errors.ts';
import { after, guarded, traceOf } from '../guard.ts';
import { admit } from './admission.ts';
import { Channels } from './channels.ts';
import { decodeMethod, isContent, strayFrame, unexpectedFrame } from './decode.ts';
import type { ConnectionEnvironment } from './environment.ts';
import { Handshake, HandshakeRefusal } from './handshake.ts';
import { trafficOf, watchHeartbeat } from './heartbeat.ts';
import { Outbox } from './outbox.ts';
import { PublisherBlock } from './publisher-block.ts';

/** A client that has not opened the connection by then is dropped. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** How long the client may take to answer `connection.close`. */
const CLOSE_TIMEOUT_MS = 5_000;
/** Replies that a client does not read: with more than this waiting, nothing more is read from it. */
const UNREAD_REPLIES_BYTES = 16 * 1024 * 1024;

const PUBLISH = methodId('basic.publish');
const ACK = methodId('basic.ack');

type State = 'handshake' | 'running' | 'closing' | 'closed';

/** One client: its socket, the handshake, and its channels. */
export class Connection implements FrameSink {
  readonly channels: Channels;
  readonly connectedAt = Date.now();
  /** As RabbitMQ names connections: both ends of the socket. */
  readonly name: string;
  readonly peer: { host: string; port: number };
  readonly outbox: Outbox;
  readonly handshake: Handshake;
  readonly socket: Socket;
  private state: State = 'handshake';
  private readonly environment: ConnectionEnvironment;
  private readonly parser: FrameParser;
  private readonly reader = new Reader(Buffer.alloc(0));
  private context: ChannelContext | undefined;
  private endHeartbeat: () => void = () => undefined;
  private deadline: NodeJS.Timeout | undefined;
  readonly block: PublisherBlock;
  /** The method that is being worked on, for the `close` that reports an error in it. */
  private current: MethodName | undefined;

  constructor(socket: Socket, environment: ConnectionEnvironment) {
    this.socket = socket;
    this.environment = environment;
    this.peer = { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
    this.name = `${this.peer.host}:${this.peer.port} -> ${socket.localAddress}:${socket.localPort}`;
    this.channels = new Channels(this.failed);
    this.outbox = new Outbox(socket, () => this.drained(), this.failed);
    const { accounts } = environment.vhosts;
    this.handshake = new Handshake(this.outbox, environment.nodeName, (given) => {
      const isRight = accounts.isRight(given);
      environment.counters[isRight ? 'loginsSucceeded' : 'loginsFailed'] += 1;
      return isRight;
    });
    this.block = new PublisherBlock(socket, this.outbox, this.handshake, () => this.isRunning);
    this.parser = new FrameParser(this);
    this.destroyAfter(HANDSHAKE_TIMEOUT_MS);
    socket.setNoDelay(true);
    socket.on(
      'data',
      guarded(this.failed, (chunk: Buffer) => this.receive(chunk)),
    );
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    socket.on(
      'close',
      guarded(this.failed, () => this.end()),
    );
  }

  get isRunning(): boolean {
    return this.state === 'running';
  }

  get vhost(): string {
    return this.context?.vhost.name ?? '';
  }

  /** The client's end, as the management API names it. */
  get peerDetails(): { peer_host: string; peer_port: number } {
    return { peer_host: this.peer.host, peer_port: this.peer.port };
  }

  get clientProperties(): Table {
    return this.handshake.clientProperties;
  }

  /** Asks the client to go, because the broker ends or an operator wants it to. */
  closeForced(reason: string): void {
    this.block.lift();
    if (this.state === 'running') this.closeWith(new AmqpError('CONNECTION_FORCED', reason), undefined);
    else this.socket.destroy();
  }

  onFrame(type: number, channel: number, buffer: Buffer, start: number, end: number): boolean {
    this.current = undefined;
    try {
      if (type === FRAME.method && end - start >= 4) {
        const id = buffer.readUInt32BE(start);
        this.onMethod(id, this.outbox.dialect.nameOf(id), channel, buffer, start + 4, end);
      } else this.onOther(type, channel, buffer, start, end);
    } catch (thrown) {
      this.onError(thrown, channel);
    }
    return this.state !== 'closed' && !this.socket.destroyed;
  }

  onFault({ type, channel, payload, reason }: FrameFault): void {
    if (this.state !== 'running') {
      this.socket.destroy();
      return;
    }
    this.current = undefined;
    this.fail(new AmqpError('FRAME_ERROR', `type ${type}, ${printSnippet(payload)}: ${reason}`), channel);
    // Nothing that the client says can be understood any more, not even its answer.
    this.goodbye();
  }

  private receive(chunk: Buffer): void {
    const frames = this.handshake.protocolAgreed ? chunk : this.handshake.begin(chunk);
    if (frames === 'other-protocol') {
      this.outbox.flush();
      this.socket.end();
    } else if (frames.length > 0) this.parser.push(frames);
    this.channels.flushConfirms();
    if (this.outbox.congested && this.outbox.waitingBytes > UNREAD_REPLIES_BYTES) this.socket.pause();
  }

  private onMethod(
    id: number,
    name: MethodName | undefined,
    number: number,
    buffer: Buffer,
    start: number,
    end: number,
  ): void {
    if (name === undefined) {
      if (this.state === 'closing') return;
      throw new AmqpError('COMMAND_INVALID', `unknown method {${id >>> 16},${id & 0xffff}}`);
    }
    if (number === 0) {
      this.current = name;
      this.onConnectionMethod(decodeMethod(name, this.reader, this.outbox.dialect, { buffer, start, end }));
      return;
    }
    if (this.state === 'closing') return;
    if (this.state !== 'running') throw unexpectedFrame(FRAME.method, buffer, start - 4, end);
    const channel =
      this.channels.get(number) ?? this.channels.open(number, this.context, this.handshake.channelMax);
    this.current = name;
    // The two methods that come with every message are read without building an object for their arguments.
    if (id === PUBLISH) this.onPublish(channel, buffer, start, end);
    else if (id === ACK && channel.isOpen && end - start === 9) {
      const tag = buffer.readUInt32BE(start) * 0x1_0000_0000 + buffer.readUInt32BE(start + 4);
      channel.acknowledge(tag, ((buffer[start + 8] ?? 0) & 1) !== 0);
    } else channel.handle(decodeMethod(name, this.reader, this.outbox.dialect, { buffer, start, end }));
  }

  private onPublish(channel: Channel, buffer: Buffer, start: number, end: number): void {
    const { reader } = this;
    this.block.published(this.environment.isMemoryShort());
    reader.reset(buffer, start, end);
    channel.beginPublish(readPublishTarget(reader));
  }

  private onOther(type: number, number: number, buffer: Buffer, start: number, end: number): void {
    if (this.state === 'closing') return;
    if (type === FRAME.heartbeat && number === 0 && start === end) return;
    if (!isContent(type) || number === 0 || this.state !== 'running')
      throw strayFrame(type, buffer, start, end);
    const channel =
      this.channels.get(number) ?? this.channels.open(number, this.context, this.handshake.channelMax);
    channel.handleContent(type, buffer, start, end);
  }

  private onConnectionMethod(method: Method): void {
    if (method.name === 'connection.close') {
      if (this.state === 'running') this.dropChannels();
      this.outbox.method(0, 'connection.close-ok', {});
      if (this.state === 'running') this.goodbye();
      return;
    }
    if (this.state === 'closing') {
      if (method.name === 'connection.close-ok') this.goodbye();
      return;
    }
    if (this.state === 'running') {
      if (method.name !== 'connection.update-secret')
        throw new AmqpError('CHANNEL_ERROR', 'unexpected method in connection state running');
      this.outbox.method(0, 'connection.update-secret-ok', {});
      return;
    }
    if (method.name === 'connection.open') this.open(method.fields.virtualHost);
    else this.handshake.handle(method);
    // The limits that were agreed on hold from the next frame on.
    this.parser.frameMax = this.handshake.frameMax;
    this.outbox.frameMax = this.handshake.frameMax;
  }

  private open(name: string): void {
    this.handshake.assertTuned();
    const { username } = this.handshake;
    const admission = admit(this.environment, username, name);
    clearTimeout(this.deadline);
    this.state = 'running';
    this.context = {
      ...admission,
      outbox: this.outbox,
      username,
      counters: this.environment.counters,
      owner: this,
      notifiesCancel: this.handshake.clientCan('consumer_cancel_notify'),
      replies: this.environment.replies,
      guarded: (run) => guarded(this.failed, run),
      confirmLater: (channel) => this.channels.confirmLater(channel),
      released: (channel) => {
        this.channels.delete(channel.number);
        this.environment.counters.channelsClosed += 1;
      },
    };
    this.endHeartbeat = watchHeartbeat(
      this.handshake.heartbeat,
      trafficOf(this.socket, this.outbox, () => this.block.isOn),
      {
        send: () => this.outbox.heartbeat(),
        onSilence: () => {
          this.environment.log('warn', 'missed heartbeats from client', { connection: this.name });
          this.socket.destroy();
        },
        failed: this.failed,
      },
    );
    this.outbox.method(0, 'connection.open-ok', { knownHosts: '' });
    this.environment.log('info', 'connection opened', {
      connection: this.name,
      user: this.handshake.username,
      vhost: name,
    });
  }

  private onError(thrown: unknown, number: number): void {
    if (thrown instanceof HandshakeRefusal) this.refuse(thrown);
    else if (thrown instanceof AmqpError) this.fail(thrown, number);
    else {
      this.environment.log('error', 'internal error', {
        connection: this.name,
        method: this.current,
        error: traceOf(thrown),
      });
      this.fail(new AmqpError('INTERNAL_ERROR', 'internal error'), number);
    }
  }

  /** An error while the client is not trusted yet: RabbitMQ answers it with silence, or with a bare `close`. */
  private refuse(refusal: HandshakeRefusal): void {
    this.environment.log('error', refusal.message, { connection: this.name });
    if (refusal.answer === undefined) {
      this.state = 'closing';
      this.deadline?.refresh();
      after(refusal.silentMs, this.failed, () => this.socket.destroy()).unref();
    } else this.closeWith(refusal.answer, undefined);
  }

  private fail(error: AmqpError, number: number): void {
    const channel = this.channels.get(number);
    const at = channel?.methodInProgress ?? this.current;
    if (this.state === 'handshake' && !this.handshake.isTuned) {
      this.refuse(new HandshakeRefusal(error.message));
      return;
    }
    this.environment.log('error', error.message, {
      connection: this.name,
      channel: number,
      method: at,
      scope: error.scope,
    });
    if (error.scope === 'channel' && channel !== undefined) channel.closeWith(error, at);
    else this.closeWith(error, at);
  }

  private closeWith(error: AmqpError, method: MethodName | undefined): void {
    if (this.state === 'closing' || this.state === 'closed') return;
    this.dropChannels();
    this.state = 'closing';
    this.outbox.method(0, 'connection.close', {
      replyCode: error.code,
      replyText: error.replyText,
      ...idsOf(method),
    });
    this.destroyAfter(CLOSE_TIMEOUT_MS);
  }

  /** Everything has been said. */
  private goodbye(): void {
    this.state = 'closed';
    this.outbox.flush();
    this.socket.end();
    this.destroyAfter(CLOSE_TIMEOUT_MS);
  }

  private dropChannels(): void {
    this.environment.counters.channelsClosed += this.channels.abandon();
    this.context?.vhost.deleteExclusiveQueues(this);
  }

  private end(): void {
    try {
      this.dropChannels();
    } finally {
      this.state = 'closed';
      clearTimeout(this.deadline);
      this.endHeartbeat();
      this.environment.closed(this);
    }
  }

  /** Who does not go by then, is cut off. */
  private destroyAfter(ms: number): void {
    clearTimeout(this.deadline);
    this.deadline = after(ms, this.failed, () => this.socket.destroy());
  }

  /** Something that no client waits for went wrong: this connection ends, the others go on. */
  private readonly failed = (error: unknown): void => {
    this.environment.log('error', 'a connection has failed and is cut', {
      connection: this.name,
      error: traceOf(error),
    });
    this.socket.destroy();
  };

  private drained(): void {
    if (this.socket.isPaused() && !this.block.isOn) this.socket.resume();
    for (const channel of [...this.channels.values()]) channel.resumeConsumers();
  }
}
