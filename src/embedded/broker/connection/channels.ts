import { Channel } from '../channel/channel.ts';
import type { ChannelContext } from '../channel/context.ts';
import { AmqpError } from '../errors.ts';
import { type OnFailure, soon } from '../guard.ts';

/** The open channels of a connection, by their numbers. */
export class Channels extends Map<number, Channel> {
  private readonly failed: OnFailure;
  private readonly unsentConfirms = new Set<Channel>();

  constructor(failed: OnFailure) {
    super();
    this.failed = failed;
  }

  /** @param max how many may be open; 0 for any number */
  open(number: number, context: ChannelContext | undefined, max: number): Channel {
    if (context === undefined) throw new AmqpError('CHANNEL_ERROR', 'the connection is not open');
    if (max !== 0 && this.size >= max)
      throw new AmqpError(
        'NOT_ALLOWED',
        `number of channels opened (${this.size}) has reached the negotiated channel_max (${max})`,
      );
    const channel = new Channel(number, context);
    context.counters.channelsOpened += 1;
    this.set(number, channel);
    return channel;
  }

  /** Publishes of one turn are confirmed together when it ends; what the store reports comes at any time. */
  confirmLater(channel: Channel): void {
    if (this.unsentConfirms.size === 0) soon(this.failed, () => this.flushConfirms());
    this.unsentConfirms.add(channel);
  }

  flushConfirms(): void {
    if (this.unsentConfirms.size === 0) return;
    for (const channel of this.unsentConfirms) channel.flushConfirms();
    this.unsentConfirms.clear();
  }

  /** Gives how many there were. */
  abandon(): number {
    this.flushConfirms();
    for (const channel of this.values()) channel.abandon();
    const count = this.size;
    this.clear();
    return count;
  }
}
