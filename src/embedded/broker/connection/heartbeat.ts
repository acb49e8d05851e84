import type { Socket } from 'node:net';
import { every, type OnFailure } from '../guard.ts';
import type { Outbox } from './outbox.ts';

/** What heartbeats watch on a connection: bytes that went each way since it began. */
export interface Traffic {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** The other end is told to wait, and not read from: its silence means nothing. */
  readonly isBlocked: boolean;
}

export function trafficOf(socket: Socket, outbox: Outbox, isBlocked: () => boolean): Traffic {
  return {
    get bytesRead() {
      return socket.bytesRead;
    },
    get bytesWritten() {
      return outbox.bytesWritten;
    },
    get isBlocked() {
      return isBlocked();
    },
  };
}

/** After so many looks without a new byte the other end is taken for gone. */
const SILENT_LOOKS = 2;

/**
 * Keeps both ends sure of each other, as RabbitMQ's `rabbit_heartbeat` does: says something whenever nothing else was
 * said for half of the interval, and looks once in an interval whether something came. So the other end may be silent
 * for two to three intervals. `send` has written the heartbeat when it returns. Gives the function that ends it.
 */
export function watchHeartbeat(
  intervalSeconds: number,
  traffic: Traffic,
  { send, onSilence, failed }: { send: () => void; onSilence: () => void; failed: OnFailure },
): () => void {
  if (intervalSeconds === 0) return () => undefined;
  // The first one goes out after half an interval, whatever else was said.
  let written: number | undefined;
  const sender = every(intervalSeconds * 500, failed, () => {
    if (written === undefined || traffic.bytesWritten === written) send();
    written = traffic.bytesWritten;
  });
  // Until the first look nothing has been seen: what came before counts as new then.
  let read: number | undefined;
  let silentLooks = 0;
  const receiver = every(intervalSeconds * 1000, failed, () => {
    const isNew = traffic.bytesRead !== read || traffic.isBlocked;
    read = traffic.isBlocked ? undefined : traffic.bytesRead;
    silentLooks = isNew ? 0 : silentLooks + 1;
    if (silentLooks >= SILENT_LOOKS) onSilence();
  });
  return () => {
    clearInterval(sender);
    clearInterval(receiver);
  };
}
