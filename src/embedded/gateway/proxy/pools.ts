import { buildConnector, type Dispatcher, Pool } from 'undici';
import { readBeforeWriteFails } from './early-answer.ts';
import type { Upstream, UpstreamNode } from './upstream.ts';

const KEEP_ALIVE_MS = 60_000;
const MAX_REQUESTS_PER_CONNECTION = 1000;
/** Pools that no request has used for this long are closed: nodes come and go. */
const UNUSED_MS = 5 * 60_000;

interface Kept {
  pool: Pool;
  usedAt: number;
}

/** Keep-alive connections to the nodes; one pool for each node and way of connecting to it. */
export class Pools {
  readonly #pools = new Map<string, Kept>();
  readonly #sweeper: NodeJS.Timeout;

  constructor() {
    this.#sweeper = setInterval(() => this.#sweep(), UNUSED_MS);
    this.#sweeper.unref();
  }

  poolFor(upstream: Upstream, node: UpstreamNode, host: string): Dispatcher {
    const { scheme, timeouts, verifyTls } = upstream;
    const tls = scheme === 'https' ? `|${verifyTls}|${host}` : '';
    const key = `${scheme}://${node.host}:${node.port}|${timeouts.connect}${tls}`;
    let kept = this.#pools.get(key);
    if (kept === undefined) {
      const pool = new Pool(`${scheme}://${node.host}:${node.port}`, {
        pipelining: 1,
        keepAliveTimeout: KEEP_ALIVE_MS,
        maxRequestsPerClient: MAX_REQUESTS_PER_CONNECTION,
        connect: connector({
          timeout: timeouts.connect * 1000,
          // APISIX does not verify the certificates of upstreams unless it is told to (`tls.verify`).
          ...(scheme === 'https'
            ? { rejectUnauthorized: verifyTls, servername: host.replace(/:\d+$/, '') }
            : {}),
        }),
      });
      kept = { pool, usedAt: 0 };
      this.#pools.set(key, kept);
    }
    kept.usedAt = performance.now();
    return kept.pool;
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    await Promise.all([...this.#pools.values()].map(({ pool }) => pool.destroy()));
    this.#pools.clear();
  }

  #sweep(): void {
    const now = performance.now();
    for (const [key, { pool, usedAt }] of this.#pools) {
      if (now - usedAt < UNUSED_MS || pool.stats.running > 0) continue;
      this.#pools.delete(key);
      // Lets what is still in flight end.
      pool.close().catch(() => {});
    }
  }
}

function connector(options: buildConnector.BuildOptions): buildConnector.connector {
  const connect = buildConnector(options);
  return (target, callback) =>
    connect(target, (...[error, socket]) => {
      // undici gives no socket at all, not `null`, with an error.
      if (error === null && socket) callback(null, readBeforeWriteFails(socket));
      else callback(error ?? new Error('no connection'), null);
    });
}
