import { randomBytes } from 'node:crypto';
import amqp, { type Channel, type ChannelModel, type ConfirmChannel, type GetMessage } from 'amqplib';
import type { BrokerAccess } from '../../support/rabbitmq.ts';

/** How long a broker may take until it does what it is waited for. */
const DEADLINE_MS = 30_000;

/** An error that the broker has closed a channel or a connection with. */
export interface Closed {
  scope: 'channel' | 'connection';
  code: number;
  text: string;
  /** The method at fault, `class.method`; 0.0 for none. */
  method: string;
}

export interface ManagementAnswer {
  status: number;
  headers: Headers;
  body: unknown;
}

/** What the tests of all subjects use to talk to the broker under test. Everything it opens, `end` closes. */
export class Harness {
  private readonly access: () => BrokerAccess;
  private readonly opened: ChannelModel[] = [];
  private readonly named: { queues: string[]; exchanges: string[] } = { queues: [], exchanges: [] };
  private shared: ChannelModel | undefined;

  constructor(access: () => BrokerAccess) {
    this.access = access;
  }

  get broker(): BrokerAccess {
    return this.access();
  }

  /** A connection of its own. */
  async connect(changes: Partial<BrokerAccess> = {}, socket: object = {}): Promise<ChannelModel> {
    const { amqpUrl, user, password, vhost } = { ...this.broker, ...changes };
    const url = new URL(amqpUrl);
    const connection = await amqp.connect(
      {
        hostname: url.hostname,
        port: Number(url.port),
        username: user,
        password,
        vhost,
        ...('heartbeat' in socket ? { heartbeat: socket.heartbeat as number } : {}),
      },
      { noDelay: true, ...socket },
    );
    connection.on('error', () => undefined);
    this.opened.push(connection);
    return connection;
  }

  async channel(): Promise<Channel> {
    this.shared ??= await this.connect();
    const channel = await this.shared.createChannel();
    channel.on('error', () => undefined);
    return channel;
  }

  async confirmChannel(): Promise<ConfirmChannel> {
    this.shared ??= await this.connect();
    const channel = await this.shared.createConfirmChannel();
    channel.on('error', () => undefined);
    return channel;
  }

  /** A name that no other test uses; what bears it is deleted at the end. */
  queueName(): string {
    const name = `q-${randomBytes(6).toString('hex')}`;
    this.named.queues.push(name);
    return name;
  }

  exchangeName(): string {
    const name = `x-${randomBytes(6).toString('hex')}`;
    this.named.exchanges.push(name);
    return name;
  }

  /** A new queue. */
  async queue(options: amqp.Options.AssertQueue = {}): Promise<string> {
    const channel = await this.channel();
    const { queue } = await channel.assertQueue(this.queueName(), options);
    await channel.close();
    return queue;
  }

  /** Does something on a connection of its own that the broker punishes; gives how. */
  async closedBy(
    action: (channel: Channel, connection: ChannelModel) => unknown,
    as: Partial<BrokerAccess> = {},
  ): Promise<Closed> {
    const connection = await this.connect(as);
    const channel = await connection.createChannel();
    const closed = new Promise<Closed>((resolve) => {
      channel.on('error', (error) => resolve(closedOf('channel', error)));
      connection.on('error', (error) => resolve(closedOf('connection', error)));
    });
    Promise.resolve(action(channel, connection)).catch(() => undefined);
    const result = await within(closed, 'the broker closes the channel or the connection');
    await connection.close().catch(() => undefined);
    return result;
  }

  async management(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<ManagementAnswer> {
    const { managementUrl, user, password } = this.broker;
    const response = await fetch(`${managementUrl}/api${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
        'content-type': 'application/json',
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
    };
  }

  async end(): Promise<void> {
    const channel = await this.channel();
    for (const queue of this.named.queues) await channel.deleteQueue(queue);
    for (const exchange of this.named.exchanges) await channel.deleteExchange(exchange);
    // A connection that a test has broken off never answers.
    for (const connection of this.opened)
      await Promise.race([connection.close().catch(() => undefined), sleep(200)]);
  }
}

function closedOf(
  scope: Closed['scope'],
  error: Error & { code?: number; classId?: number; methodId?: number },
): Closed {
  const text = /with message "([\s\S]*)"$/.exec(error.message)?.[1] ?? error.message;
  return {
    scope,
    code: Number(error.code),
    text,
    method: scope === 'channel' ? `${error.classId}.${error.methodId}` : '',
  };
}

/** Rejects, naming what was waited for, when a promise takes too long. */
export function within<T>(promise: Promise<T>, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what}: not within ${DEADLINE_MS} ms`)), DEADLINE_MS);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Tries until the value satisfies the condition; gives it. */
export async function eventually<T>(
  read: () => Promise<T> | T,
  isRight: (value: T) => boolean,
  what: string,
): Promise<T> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const value = await read();
    if (isRight(value)) return value;
    if (Date.now() > deadline)
      throw new Error(`${what}: not within ${DEADLINE_MS} ms, last seen ${JSON.stringify(value)}`);
    await sleep(20);
  }
}

export const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The next message of a queue, waited for. */
export async function nextMessage(channel: Channel, queue: string, noAck = true): Promise<GetMessage> {
  const got = await eventually(
    () => channel.get(queue, { noAck }),
    (message) => message !== false,
    `a message in ${queue}`,
  );
  if (got === false) throw new Error(`${queue} is empty`);
  return got;
}

/** Every message that is ready, as text. */
export async function drain(channel: Channel, queue: string): Promise<string[]> {
  const texts: string[] = [];
  for (;;) {
    const message = await channel.get(queue, { noAck: true });
    if (message === false) return texts;
    texts.push(message.content.toString());
  }
}

/** A consumer that remembers what it is given. */
export async function collect(channel: Channel, queue: string, options: amqp.Options.Consume = {}) {
  const messages: amqp.ConsumeMessage[] = [];
  let cancelled = false;
  const { consumerTag } = await channel.consume(
    queue,
    (message) => {
      if (message === null) cancelled = true;
      else messages.push(message);
    },
    options,
  );
  return {
    consumerTag,
    messages,
    texts: () => messages.map((message) => message.content.toString()),
    isCancelled: () => cancelled,
    arrived: (count: number) =>
      eventually(
        () => messages.length,
        (length) => length >= count,
        `${count} messages of ${queue}`,
      ),
  };
}
