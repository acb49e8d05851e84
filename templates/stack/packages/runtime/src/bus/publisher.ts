import type { ChannelModel, ConfirmChannel, Options } from 'amqplib';
import { BusUnavailable, Unroutable } from './errors.ts';

export interface Destination {
  exchange: string;
  routingKey: string;
}

/** Mandatory all of them: what reaches no queue is told to whoever has sent it. */
type Properties = Options.Publish & { messageId: string; mandatory: true };

/** So many messages may await their confirm; who publishes more waits. A broker that is slow or blocks slows us down. */
const MAX_UNCONFIRMED = 1024;

/**
 * Publishes with confirms and the mandatory flag on a channel of its own.
 * A broker that closes the channel (a missing exchange) takes down this channel only: the next publish opens another.
 */
export class Publisher {
  #connection: ChannelModel | undefined;
  #channel: ConfirmChannel | undefined;
  /** Messages that the broker has not confirmed yet, and whether it returned them (a return comes before its confirm). */
  readonly #unconfirmed = new Map<string, { returned: boolean }>();
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
    });
    channel.on('return', ({ properties }) => {
      const message = this.#unconfirmed.get(String(properties.messageId));
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
    return this.#inFlight < this.#maxUnconfirmed || this.#channel === undefined
      ? this.#publishNow(to, content, properties)
      : this.#publishLater(to, content, properties);
  }

  async #publishLater(to: Destination, content: Buffer, properties: Properties): Promise<void> {
    while (this.#inFlight >= this.#maxUnconfirmed && this.#channel !== undefined)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    await this.#publishNow(to, content, properties);
  }

  #publishNow(to: Destination, content: Buffer, properties: Properties): Promise<void> {
    const channel = this.#channel;
    if (channel === undefined)
      return Promise.reject(new BusUnavailable('there is no connection to the broker'));
    return new Promise((resolve, reject) => {
      const message = { returned: false };
      this.#unconfirmed.set(properties.messageId, message);
      this.#inFlight += 1;
      const settle = (error: unknown) => {
        this.#inFlight -= 1;
        this.#waiting.shift()?.();
        if (this.#unconfirmed.get(properties.messageId) === message)
          this.#unconfirmed.delete(properties.messageId);
        if (error)
          reject(
            new BusUnavailable(`the broker did not confirm a message to ${to.exchange}`, { cause: error }),
          );
        else if (message.returned)
          reject(new Unroutable(`no queue is bound to ${to.exchange} with the routing key ${to.routingKey}`));
        else resolve();
      };
      try {
        channel.publish(to.exchange, to.routingKey, content, properties, settle);
      } catch (error) {
        settle(error);
      }
    });
  }
}
