import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log, RunningProgram } from '../program.ts';

/** What happens to the bytes on their way, in each direction alike. */
export interface ProxyTreatment {
  /** Added to each piece of data. */
  latencyMs?: number;
  /** Up to so much more or less, evenly. */
  jitterMs?: number;
  /** The most that one connection carries a second. */
  bytesPerSecond?: number;
  /**
   * The share of pieces that are lost once, 0 to 1. TCP hides the loss and shows a pause: the sender's retransmission
   * timeout, of which Linux takes 200 ms at least (RFC 6298 wants a second).
   */
  loss?: number;
  /** The chance that a piece of data is answered by a reset of the connection, 0 to 1. */
  reset?: number;
  /** No connection gets through: those that are there are reset, new ones, too. */
  refuse?: boolean;
}

export interface ProxyConfiguration extends ProxyTreatment {
  host: string;
  /** 0 for any free one. */
  port: number;
  to: { host: string; port: number };
}

export interface RunningProxy extends RunningProgram {
  port: number;
}

const RETRANSMISSION_MS = 200;

/** Starts a TCP proxy that treats what it carries as a bad network would. `random` gives numbers from 0 to 1. */
export async function startChaosProxy(
  configuration: ProxyConfiguration,
  log: Log,
  random: () => number = Math.random,
): Promise<RunningProxy> {
  const { host, port, to, refuse = false } = configuration;
  const open = new Set<Socket>();
  // Who has sent all may still wait for the answer: each direction ends by itself.
  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (refuse) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ ...to, allowHalfOpen: true });
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.setNoDelay(true);
      socket.once('close', () => open.delete(socket));
      socket.on('error', () => {});
    }
    const cut = () => {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    };
    upstream.once('error', cut);
    client.once('error', cut);
    void carry(client, upstream, configuration, random, cut);
    void carry(upstream, client, configuration, random, cut);
  });
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  const actual = typeof address === 'object' && address !== null ? address.port : port;
  log('info', 'the chaos proxy listens', { host, port: actual, to: to.port });
  return {
    port: actual,
    async close() {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, 'close');
    },
  };
}

/** Carries one direction, each piece after the one before it. */
async function carry(
  from: Socket,
  to: Socket,
  treatment: ProxyTreatment,
  random: () => number,
  cut: () => void,
): Promise<void> {
  const { latencyMs = 0, jitterMs = 0, bytesPerSecond, loss = 0, reset = 0 } = treatment;
  // Latency is that of the line, not of its width: pieces that follow one another quickly arrive so.
  let last = 0;
  let queued: Promise<unknown> = Promise.resolve();
  from.on('data', (piece: Buffer) => {
    if (random() < reset) {
      cut();
      return;
    }
    const lost = random() < loss ? RETRANSMISSION_MS : 0;
    const jitter = jitterMs * (2 * random() - 1);
    const transmission = bytesPerSecond === undefined ? 0 : (piece.length / bytesPerSecond) * 1000;
    const now = performance.now();
    const due = Math.max(now + Math.max(0, latencyMs + jitter) + lost, last) + transmission;
    last = due;
    // What waits here must not grow without end.
    from.pause();
    queued = queued.then(async () => {
      const wait = due - performance.now();
      if (wait > 0) await delay(wait);
      if (!to.destroyed && !to.write(piece))
        await Promise.race([once(to, 'drain'), once(to, 'close')]).catch(() => {});
    });
    const full = bytesPerSecond !== undefined ? queued : Promise.resolve();
    void full.then(() => from.resume());
  });
  from.once('end', () => void queued.then(() => to.end()));
}
