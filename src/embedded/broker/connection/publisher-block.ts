import type { Socket } from 'node:net';
import type { Handshake } from './handshake.ts';
import type { Outbox } from './outbox.ts';

/** Lets a client that publishes wait while memory is short; who only consumes makes room, and goes on. */
export class PublisherBlock {
  /** Nothing is read from the client until there is memory again. */
  isOn = false;
  private hasPublished = false;
  private readonly socket: Socket;
  private readonly outbox: Outbox;
  private readonly handshake: Handshake;
  private readonly isRunning: () => boolean;

  constructor(socket: Socket, outbox: Outbox, handshake: Handshake, isRunning: () => boolean) {
    this.socket = socket;
    this.outbox = outbox;
    this.handshake = handshake;
    this.isRunning = isRunning;
  }

  /** The client publishes. */
  published(isMemoryShort: boolean): void {
    this.hasPublished = true;
    if (isMemoryShort) this.block();
  }

  memoryAlarm(raised: boolean): void {
    if (raised && this.hasPublished) this.block();
    else if (!raised) this.lift();
  }

  lift(): void {
    if (!this.isOn) return;
    this.isOn = false;
    this.socket.resume();
    if (this.isRunning() && this.handshake.clientCan('connection.blocked'))
      this.outbox.method(0, 'connection.unblocked', {});
  }

  private block(): void {
    if (this.isOn || !this.isRunning()) return;
    this.isOn = true;
    this.socket.pause();
    if (this.handshake.clientCan('connection.blocked'))
      this.outbox.method(0, 'connection.blocked', { reason: 'low on memory' });
  }
}
