/** What heartbeats watch on a connection: bytes that went each way since it began. */
export interface Traffic {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** The other end is told to wait, and not read from: its silence means nothing. */
  readonly isBlocked: boolean;
}

/**
 * Keeps both ends sure of each other: sends a frame when nothing else was sent for half of the interval,
 * and gives up after two intervals in which nothing came, as RabbitMQ does. Gives the function that ends it.
 */
export function watchHeartbeat(
  intervalSeconds: number,
  traffic: Traffic,
  send: () => void,
  onSilence: () => void,
): () => void {
  if (intervalSeconds === 0) return () => undefined;
  let written = traffic.bytesWritten;
  const sender = setInterval(() => {
    if (traffic.bytesWritten === written) send();
    written = traffic.bytesWritten;
  }, intervalSeconds * 500);
  let read = traffic.bytesRead;
  let silentIntervals = 0;
  const receiver = setInterval(() => {
    silentIntervals = traffic.bytesRead === read && !traffic.isBlocked ? silentIntervals + 1 : 0;
    read = traffic.bytesRead;
    if (silentIntervals >= 2) onSilence();
  }, intervalSeconds * 1000);
  return () => {
    clearInterval(sender);
    clearInterval(receiver);
  };
}
