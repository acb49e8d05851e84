import type { Socket } from 'node:net';
import type { Log } from '../../program.ts';
import { Channel } from '../channel/channel.ts';
import { readPublishTarget } from '../channel/content.ts';
import type { ChannelContext, ReplyRegistry } from '../channel/context.ts';
import { printSnippet } from '../codec/erlang.ts';
import { FRAME, type FrameFault, FrameParser, type FrameSink, HEARTBEAT } from '../codec/frames.ts';
import { idsOf, type Method, type MethodName, methodId, readMethod } from '../codec/methods.ts';
import { Reader } from '../codec/reader.ts';
import type { Table } from '../codec/table.ts';
import type { Counters } from '../counters.ts';
import { AmqpError } from '../errors.ts';
import { after, guarded, soon, traceOf } from '../guard.ts';
import type { VirtualHosts } from '../virtual-host/virtual-hosts.ts';
import { admit } from './admission.ts';
import { Handshake, HandshakeRefusal } from './handshake.ts';
import { trafficOf, watchHeartbeat } from './heartbeat.ts';
import { Outbox } from './outbox.ts';

/** A client that has not opened the connection by then is dropped. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** How long the client may take to answer `connection.close`. */
const CLOSE_TIMEOUT_MS = 5_000;
/** Replies that a client does not read: with more than this waiting, nothing more is read from it. */
const UNREAD_REPLIES_BYTES = 16 * 1024 * 1024;

const PUBLISH = methodId('basic.publish');
const ACK = methodId('basic.ack');

/** What a connection needs of the broker. */
export interface ConnectionEnvironment {
  readonly vhosts: VirtualHosts;
  readonly counters: Counters;
  /** How many connections are open to a virtual host. */
  connectionsTo(vhost: string): number;
  isMemoryShort(): boolean;
  readonly replies: ReplyRegistry;
  readonly nodeName: string;
  readonly log: Log;
  closed(connection: Connection): void;
}

type State = 'handshake' | 'running' | 'closing' | 'closed';

/** One client: its socket, the handshake, and its channels. */
export class Connection implements FrameSink {
  readonly channels = new Map<number, Channel>();
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
  private readonly unsentConfirms = new Set<Channel>();
  private context: ChannelContext | undefined;
  private endHeartbeat: () => void = () => undefined;
  private deadline: NodeJS.Timeout | undefined;
  private header: Buffer = Buffer.alloc(0);
  private hasPublished = false;
  /** Nothing is read from the client until there is memory again. */
  private blocked = false;
  /** The method that is being worked on, for the `close` that reports an error in it. */
  private current: MethodName | undefined;

  constructor(socket: Socket, environment: ConnectionEnvironment) {
    this.socket = socket;
    this.environment = environment;
    this.peer = { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
    this.name = `${this.peer.host}:${this.peer.port} -> ${socket.localAddress}:${socket.localPort}`;
    this.outbox = new Outbox(socket, () => this.drained(), this.failed);
    const { accounts } = environment.vhosts;
    this.handshake = new Handshake(this.outbox, environment.nodeName, (given) => {
      const isRight = accounts.isRight(given);
      environment.counters[isRight ? 'loginsSucceeded' : 'loginsFailed'] += 1;
      return isRight;
    });
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

  get isBlocked(): boolean {
    return this.blocked;
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
    if (this.blocked) this.unblock();
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
    if (this.handshake.protocolAgreed) this.parser.push(chunk);
    else this.receiveHeader(chunk);
    this.flushConfirms();
    if (this.outbox.congested && this.outbox.waitingBytes > UNREAD_REPLIES_BYTES) this.socket.pause();
  }

  /** The first eight bytes: `AMQP` and the version of the protocol. */
  private receiveHeader(chunk: Buffer): void {
    this.header = Buffer.concat([this.header, chunk]);
    if (this.header.length < 8) return;
    const { header } = this;
    this.header = Buffer.alloc(0);
    if (this.handshake.begin(header.subarray(0, 8))) {
      if (header.length > 8) this.parser.push(header.subarray(8));
    } else {
      this.outbox.flush();
      this.socket.end();
    }
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
      this.onConnectionMethod(this.decode(name, buffer, start, end));
      return;
    }
    if (this.state === 'closing') return;
    if (this.state !== 'running') throw unexpectedFrame(FRAME.method, buffer, start - 4, end);
    const channel = this.channels.get(number) ?? this.openChannel(number);
    this.current = name;
    // The two methods that come with every message are read without building an object for their arguments.
    if (id === PUBLISH) this.onPublish(channel, buffer, start, end);
    else if (id === ACK && channel.isOpen && end - start === 9) {
      const tag = buffer.readUInt32BE(start) * 0x1_0000_0000 + buffer.readUInt32BE(start + 4);
      channel.acknowledge(tag, ((buffer[start + 8] ?? 0) & 1) !== 0);
    } else channel.handle(this.decode(name, buffer, start, end));
  }

  private onPublish(channel: Channel, buffer: Buffer, start: number, end: number): void {
    const { reader } = this;
    this.hasPublished = true;
    if (this.environment.isMemoryShort()) this.block();
    reader.reset(buffer, start, end);
    channel.beginPublish(readPublishTarget(reader));
  }

  private onOther(type: number, number: number, buffer: Buffer, start: number, end: number): void {
    if (this.state === 'closing') return;
    if (type === FRAME.heartbeat && number === 0 && start === end) return;
    const isContent = type === FRAME.header || type === FRAME.body;
    if (!isContent && type !== FRAME.heartbeat)
      throw new AmqpError(
        'FRAME_ERROR',
        `type ${type}, ${printSnippet(buffer.subarray(start, end))}: unknown_frame`,
      );
    if (!isContent || number === 0 || this.state !== 'running')
      throw unexpectedFrame(type, buffer, start, end);
    const channel = this.channels.get(number) ?? this.openChannel(number);
    channel.handleContent(type, buffer, start, end);
  }

  private decode(name: MethodName, buffer: Buffer, start: number, end: number): Method {
    this.reader.reset(buffer, start, end);
    try {
      return readMethod(name, this.reader, this.outbox.dialect);
    } catch (thrown) {
      if (!(thrown instanceof AmqpError) || thrown.reply !== 'SYNTAX_ERROR') throw thrown;
      throw new AmqpError('FRAME_ERROR', `cannot decode <<${[...buffer.subarray(start, end)].join(',')}>>`);
    }
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
      confirmLater: (channel) => this.confirmLater(channel),
      released: (channel) => {
        this.channels.delete(channel.number);
        this.environment.counters.channelsClosed += 1;
      },
    };
    const { socket, outbox } = this;
    const traffic = trafficOf(socket, outbox, () => this.blocked);
    this.endHeartbeat = watchHeartbeat(this.handshake.heartbeat, traffic, {
      send: () => {
        outbox.raw(HEARTBEAT);
        outbox.flush();
      },
      onSilence: () => {
        this.environment.log('warn', 'missed heartbeats from client', { connection: this.name });
        socket.destroy();
      },
      failed: this.failed,
    });
    this.outbox.method(0, 'connection.open-ok', { knownHosts: '' });
    this.environment.log('info', 'connection opened', {
      connection: this.name,
      user: this.handshake.username,
      vhost: name,
    });
  }

  private openChannel(number: number): Channel {
    const { channelMax } = this.handshake;
    if (this.context === undefined) throw new AmqpError('CHANNEL_ERROR', 'the connection is not open');
    if (channelMax !== 0 && this.channels.size >= channelMax)
      throw new AmqpError(
        'NOT_ALLOWED',
        `number of channels opened (${this.channels.size}) has reached the negotiated channel_max (${channelMax})`,
      );
    const channel = new Channel(number, this.context);
    this.environment.counters.channelsOpened += 1;
    this.channels.set(number, channel);
    return channel;
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
    this.flushConfirms();
    for (const channel of this.channels.values()) channel.abandon();
    this.environment.counters.channelsClosed += this.channels.size;
    this.channels.clear();
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

  private confirmLater(channel: Channel): void {
    // Publishes of this turn are confirmed together when it ends; what the store reports comes at any time.
    if (this.unsentConfirms.size === 0) soon(this.failed, () => this.flushConfirms());
    this.unsentConfirms.add(channel);
  }

  private flushConfirms(): void {
    if (this.unsentConfirms.size === 0) return;
    for (const channel of this.unsentConfirms) channel.flushConfirms();
    this.unsentConfirms.clear();
  }

  /** Publishers wait while memory is short; who only consumes makes room, and goes on. */
  memoryAlarm(raised: boolean): void {
    if (raised && this.hasPublished) this.block();
    else if (!raised && this.blocked) this.unblock();
  }

  private block(): void {
    if (this.blocked || this.state !== 'running') return;
    this.blocked = true;
    this.socket.pause();
    if (this.handshake.clientCan('connection.blocked'))
      this.outbox.method(0, 'connection.blocked', { reason: 'low on memory' });
  }

  private unblock(): void {
    this.blocked = false;
    this.socket.resume();
    if (this.state === 'running' && this.handshake.clientCan('connection.blocked'))
      this.outbox.method(0, 'connection.unblocked', {});
  }

  private drained(): void {
    if (this.socket.isPaused() && !this.blocked) this.socket.resume();
    for (const channel of [...this.channels.values()]) channel.resumeConsumers();
  }
}

function unexpectedFrame(type: number, buffer: Buffer, start: number, end: number): AmqpError {
  return new AmqpError('UNEXPECTED_FRAME', `type ${type}, ${printSnippet(buffer.subarray(start, end))}`);
}
