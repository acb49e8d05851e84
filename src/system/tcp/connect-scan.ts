import { connect } from 'node:net';

/** More in flight is slower: each connection waits for the others' callbacks. */
const IN_FLIGHT = 64;
const REPORT_EVERY = 1_000;

export interface ScanRange {
  host: string;
  first: number;
  last: number;
  /** Every how manyth port: several scans share a range. */
  step: number;
  timeoutMs: number;
}

/**
 * Connects to each port of the range and lets go at once; resolves with those that took the connection.
 *
 * @param onProgress called with how many ports were tried since it was called last
 */
export function connectScan(
  { host, first, last, step, timeoutMs }: ScanRange,
  onProgress: (count: number) => void,
  signal?: AbortSignal,
): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const open: number[] = [];
    let next = first;
    let inFlight = 0;
    let unreported = 0;
    const failed = () => reject(signal?.reason);
    if (signal?.aborted) {
      failed();
      return;
    }
    signal?.addEventListener('abort', failed, { once: true });
    const start = () => {
      if (signal?.aborted) return;
      if (next > last) {
        if (inFlight > 0) return;
        signal?.removeEventListener('abort', failed);
        onProgress(unreported);
        resolve(open);
        return;
      }
      const port = next;
      next += step;
      inFlight += 1;
      unreported += 1;
      if (unreported === REPORT_EVERY) {
        onProgress(unreported);
        unreported = 0;
      }
      const socket = connect({ host, port, autoSelectFamily: false });
      const ended = () => {
        clearTimeout(deadline);
        socket.destroy();
        inFlight -= 1;
        start();
      };
      const deadline = setTimeout(() => socket.destroy(new Error('no answer')), timeoutMs);
      socket.once('connect', () => {
        // TCP may connect a socket to itself among the ephemeral ports: nobody is there.
        if (socket.localPort !== port) open.push(port);
        ended();
      });
      socket.once('error', ended);
    };
    for (let index = 0; index < IN_FLIGHT; index += 1) start();
  });
}
