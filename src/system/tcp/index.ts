import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Tcp } from '../../context.ts';
import { connectScan, type ScanRange } from './connect-scan.ts';
import type { ScanMessage } from './worker.ts';

/** The bytes that tell a protocol come first. */
const ENOUGH_BYTES = 1_024;
/** A shorter scan is over before a thread has started. */
const WORTH_THREADS = 8_192;
const MOST_THREADS = 4;

/** TCP through `node:net`. Long scans share the cores, where the installation at `root` is built. */
export function createTcp(root: string): Tcp {
  const worker = join(root, 'dist', 'src', 'system', 'tcp', 'worker.js');
  return {
    ask,
    async scan(host, { first, last }, { timeoutMs, signal, onProgress }) {
      let scanned = 0;
      const progress = (count: number) => {
        scanned += count;
        onProgress?.(scanned);
      };
      const isLong = last - first >= WORTH_THREADS && existsSync(worker);
      const threads = isLong ? Math.min(MOST_THREADS, availableParallelism()) : 1;
      const parts = Array.from({ length: threads }, (_, index) => ({
        host,
        first: first + index,
        last,
        step: threads,
        timeoutMs,
      }));
      const found = await Promise.all(
        parts.map((part) =>
          threads === 1 ? connectScan(part, progress, signal) : inThread(worker, part, progress, signal),
        ),
      );
      return found.flat().sort((a, b) => a - b);
    },
  };
}

const ask: Tcp['ask'] = ({ host, port }, bytes, timeoutMs) =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const settle = (answer: Buffer | undefined | Error) => {
      clearTimeout(deadline);
      socket.destroy();
      if (answer instanceof Error) reject(answer);
      else resolve(answer);
    };
    const refused = (code: string, message: string) => Object.assign(new Error(message), { code });
    const deadline = setTimeout(
      () =>
        settle(
          socket.connecting
            ? refused('ETIMEDOUT', `no connection to ${host}:${port} within ${timeoutMs} ms`)
            : undefined,
        ),
      timeoutMs,
    );
    let connected = false;
    socket.once('connect', () => {
      connected = true;
      // TCP may connect a socket to itself among the ephemeral ports: nobody is there.
      if (socket.localPort === port && socket.localAddress === socket.remoteAddress)
        settle(refused('ECONNREFUSED', `nothing listens on port ${port}`));
      else socket.write(bytes);
    });
    socket.once('data', (data) => settle(data.subarray(0, ENOUGH_BYTES)));
    // Once connected, an end or a reset is an answer: it does not want our bytes.
    socket.once('error', (error) => settle(connected ? Buffer.alloc(0) : error));
    socket.once('end', () => settle(Buffer.alloc(0)));
  });

function inThread(
  file: string,
  part: ScanRange,
  onProgress: (count: number) => void,
  signal: AbortSignal,
): Promise<number[]> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const thread = new Worker(file, { workerData: part });
    const stop = () => {
      reject(signal.reason);
      void thread.terminate();
    };
    signal.addEventListener('abort', stop, { once: true });
    thread.on('message', (message: ScanMessage) => {
      if ('count' in message) onProgress(message.count);
      else resolve(message.open);
    });
    thread.once('error', reject);
    thread.once('exit', () => signal.removeEventListener('abort', stop));
  });
}
