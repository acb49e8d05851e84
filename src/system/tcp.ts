import { connect } from 'node:net';
import type { Tcp } from '../context.ts';

/** More in flight is slower: each connection waits for the others' callbacks. */
const IN_FLIGHT = 64;
/** The bytes that tell a protocol come first. */
const ENOUGH_BYTES = 1_024;

/** TCP through `node:net`. */
export const tcp: Tcp = {
  ask: ({ host, port }, bytes, timeoutMs) =>
    new Promise((resolve, reject) => {
      const socket = connect({ host, port });
      const settle = (answer: Buffer | undefined | Error) => {
        clearTimeout(deadline);
        socket.destroy();
        if (answer instanceof Error) reject(answer);
        else resolve(answer);
      };
      const deadline = setTimeout(
        () =>
          settle(
            socket.connecting
              ? Object.assign(new Error(`no connection to ${host}:${port} within ${timeoutMs} ms`), {
                  code: 'ETIMEDOUT',
                })
              : undefined,
          ),
        timeoutMs,
      );
      let received = false;
      socket.once('connect', () => {
        received = true;
        // TCP may connect a socket to itself among the ephemeral ports: nobody is there.
        if (socket.localPort === port && socket.localAddress === socket.remoteAddress)
          settle(Object.assign(new Error(`nothing listens on port ${port}`), { code: 'ECONNREFUSED' }));
        else socket.write(bytes);
      });
      socket.once('data', (data) => settle(data.subarray(0, ENOUGH_BYTES)));
      // Once connected, an end or a reset is an answer: it does not want our bytes.
      socket.once('error', (error) => settle(received ? Buffer.alloc(0) : error));
      socket.once('end', () => settle(Buffer.alloc(0)));
    }),

  async scan(host, { first, last }, { timeoutMs, signal, onProgress }) {
    const open: number[] = [];
    let next = first;
    await new Promise<void>((resolve, reject) => {
      let inFlight = 0;
      const failed = () => reject(signal.reason);
      if (signal.aborted) return failed();
      signal.addEventListener('abort', failed, { once: true });
      const start = () => {
        if (signal.aborted) return;
        if (next > last) {
          if (inFlight > 0) return;
          signal.removeEventListener('abort', failed);
          resolve();
          return;
        }
        const port = next;
        next += 1;
        inFlight += 1;
        if ((port - first) % 1_000 === 999) onProgress?.(port - first + 1);
        const socket = connect({ host, port, autoSelectFamily: false });
        const ended = () => {
          clearTimeout(deadline);
          socket.destroy();
          inFlight -= 1;
          start();
        };
        const deadline = setTimeout(() => socket.destroy(new Error('no answer')), timeoutMs);
        socket.once('connect', () => {
          if (socket.localPort !== port) open.push(port);
          ended();
        });
        socket.once('error', ended);
      };
      for (let index = 0; index < IN_FLIGHT; index += 1) start();
    });
    return open.sort((a, b) => a - b);
  },
};
