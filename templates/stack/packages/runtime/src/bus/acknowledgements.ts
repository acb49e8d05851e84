import type { Channel, Message } from 'amqplib';

/** So long an acknowledgement waits for others, in milliseconds. */
const LONGEST_MS = 2;

/**
 * Acknowledges the deliveries of a channel, with one frame for all up to the first that is not done (`multiple`,
 * https://www.rabbitmq.com/docs/confirms#consumer-acks-multiple-parameter). An acknowledgement waits a moment for others,
 * and travels with what is published meanwhile: a frame and a system call for each cost more than the frame of the answer.
 * If the process ends in this moment the broker delivers again, as after any acknowledgement that was lost.
 */
export class Acknowledgements {
  readonly #channel: Pick<Channel, 'ack'>;
  readonly #most: number;
  readonly #onLost: (error: unknown) => void;
  /** Deliveries that the broker has no acknowledgement of, in their order, and whether they are done. */
  readonly #open = new Map<Message, boolean>();
  #done = 0;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param prefetch how many deliveries the broker leaves open; it is not to run dry while acknowledgements wait
   * @param onLost called when the channel was closed before: the broker delivers again
   */
  constructor(channel: Pick<Channel, 'ack'>, prefetch: number, onLost: (error: unknown) => void) {
    this.#channel = channel;
    this.#most = prefetch / 2;
    this.#onLost = onLost;
  }

  /** To be called for each delivery, in the order in which they come. */
  taken(message: Message): void {
    this.#open.set(message, false);
  }

  /** Acknowledges soon. A delivery that is never done stays open until the channel closes. */
  done(message: Message): void {
    this.#open.set(message, true);
    this.#done += 1;
    if (this.#done >= this.#most) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), LONGEST_MS);
  }

  /** Acknowledges now what is done. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#done === 0) return;
    try {
      const last = this.#takeFirstDone();
      if (last !== undefined) this.#channel.ack(last, true);
      for (const [message, done] of this.#open) {
        if (!done) continue;
        this.#open.delete(message);
        this.#channel.ack(message);
      }
    } catch (error) {
      this.#onLost(error);
    } finally {
      this.#done = 0;
    }
  }

  /** Takes out those that are done with none before them that is not, and gives the last one. */
  #takeFirstDone(): Message | undefined {
    let last: Message | undefined;
    for (const [message, done] of this.#open) {
      if (!done) break;
      this.#open.delete(message);
      last = message;
    }
    return last;
  }
}
