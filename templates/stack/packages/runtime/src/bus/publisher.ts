import type { ChannelModel, ConfirmChannel, Message, Options } from 'amqplib';
import type { MessageProperties } from './amqp/message-properties.ts';
import { propertiesOf, publishAsIs } from './amqp/raw-frames.ts';
import { BusUnavailable, Unroutable } from './errors.ts';

export interface Destination {
  exchange: string;
  routingKey: string;
}

/** Mandatory all of them: what reaches no queue is told to whoever has sent it. */
type Properties = Options.Publish & { messageId: string; mandatory: true };

/** A message that the broker has not confirmed yet. A return comes before its confirm. */
interface Unconfirmed {
  returned: boolean;
}

/** One that was passed on as it came: it may have no id, or that of another, and is known by all that it is. */
interface Forwarded extends Unconfirmed {
  routingKey: string;
  content: Buffer;
  properties: MessageProperties;
}

/** Writes one message to the channel; `settle` is called when the broker has confirmed it. */
type Write = (
  channel: ConfirmChannel,
  settle: (error: unknown) => void,
) => { message: Unconfirmed; forget(): void };

/** So many messages may await their confirm; who publishes more waits. A broker that is slow or blocks slows us down. */
const MAX_UNCONFIRMED = 1024;

/**
 * Publishes with confirms and the mandatory flag on a channel of its own.
 * A broker that closes the channel (a missing exchange) takes down this channel only: the next publish opens another.
 */
export class Publisher {
  #connection: ChannelModel | undefined;
  #channel: ConfirmChannel | undefined;
  /** Why the broker closed a channel: those that await their confirm on it are told only that it is closed. */
  readonly #closings = new WeakMap<ConfirmChannel, Error>();
  /** Those that were sent from here, by their id. */
  readonly #unconfirmed = new Map<string, Unconfirmed>();
  readonly #forwarded = new Set<Forwarded>();
  readonly #waiting: (() => void)[] = [];
  readonly #maxUnconfirmed: number;
  #inFlight = 0;

  constructor(maxUnconfirmed = MAX_UNCONFIRMED) {
    this.#maxUnconfirmed = maxUnconfirmed;
  }

  async open(connection: ChannelModel): Promise<void> {
    const channel = await connection.createConfirmChannel();
    let lastError: Error | undefined;
    channel.on('error', (error) => {
      lastError = error;
      this.#closings.set(channel, error);
    });
    channel.on('return', (returned) => {
      const message = this.#forwardedAs(returned) ?? this.#unconfirmed.get(returned.properties.messageId);
      if (message !== undefined) message.returned = true;
    });
    channel.on('close', () => {
      if (this.#channel !== channel) return;
      this.#channel = undefined;
      // Without an error of its own the channel went down with the connection.
      if (lastError !== undefined && this.#connection === connection)
        void this.open(connection).catch(() => {});
    });
    this.#connection = connection;
    this.#channel = channel;
  }

  /** Nothing can be published until the next `open`. */
  detach(): void {
    this.#connection = undefined;
    this.#channel = undefined;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /**
   * Resolves when the broker has confirmed. Waits before that while too many others are not confirmed yet.
   *
   * @throws {BusUnavailable} when it did not, so that nobody knows whether it has the message
   * @throws {Unroutable} when it had no queue for the message
   */
  publish(to: Destination, content: Buffer, properties: Properties): Promise<void> {
    const { messageId } = properties;
    return this.#send(to, (channel, settle) => {
      const message = { returned: false };
      channel.publish(to.exchange, to.routingKey, content, properties, settle);
      this.#unconfirmed.set(messageId, message);
      return {
        message,
        forget: () => {
          if (this.#unconfirmed.get(messageId) === message) this.#unconfirmed.delete(messageId);
        },
      };
    });
  }

  /** Passes a message on with exactly these properties; resolves and throws as `publish` does. */
  forward(to: Destination, content: Buffer, properties: MessageProperties): Promise<void> {
    return this.#send(to, (channel, settle) => {
      const message = { returned: false, routingKey: to.routingKey, content, properties };
      publishAsIs(channel, to, content, properties, settle);
      this.#forwarded.add(message);
      return { message, forget: () => this.#forwarded.delete(message) };
    });
  }

  #forwardedAs(returned: Message): Forwarded | undefined {
    if (this.#forwarded.size === 0) return undefined;
    const { bytes } = propertiesOf(returned);
    return [...this.#forwarded].find(
      (message) =>
        !message.returned &&
        message.routingKey === returned.fields.routingKey &&
        message.properties.bytes.equals(bytes) &&
        message.content.equals(returned.content),
    );
  }

  #send(to: Destination, write: Write): Promise<void> {
    return this.#inFlight < this.#maxUnconfirmed || this.#channel === undefined
      ? this.#sendNow(to, write)
      : this.#sendLater(to, write);
  }

  async #sendLater(to: Destination, write: Write): Promise<void> {
    while (this.#inFlight >= this.#maxUnconfirmed && this.#channel !== undefined)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    await this.#sendNow(to, write);
  }

  #sendNow(to: Destination, write: Write): Promise<void> {
    const channel = this.#channel;
    if (channel === undefined)
      return Promise.reject(new BusUnavailable('there is no connection to the broker'));
    return new Promise((resolve, reject) => {
      let written: ReturnType<Write> | undefined;
      this.#inFlight += 1;
      const settle = (error: unknown) => {
        this.#inFlight -= 1;
        this.#waiting.shift()?.();
        written?.forget();
        if (error)
          reject(
            new BusUnavailable(`the broker did not confirm a message to ${to.exchange}`, {
              cause: this.#closings.get(channel) ?? error,
            }),
          );
        else if (written?.message.returned)
          reject(new Unroutable(`no queue is bound to ${to.exchange} with the routing key ${to.routingKey}`));
        else resolve();
      };
      try {
        written = write(channel, settle);
      } catch (error) {
        settle(error);
      }
    });
  }
}
