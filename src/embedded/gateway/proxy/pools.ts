import { isIP } from 'node:net';
import type { Upstream, UpstreamNode } from './upstream.ts';
import { type Target, UpstreamConnection } from './upstream-connection.ts';

/** Keep-alive connections to the nodes. */
export class Pools {
  /** Those of each node that are free; the one that was used last stands last. */
  readonly #idle = new Map<string, UpstreamConnection[]>();
  readonly #all = new Set<UpstreamConnection>();

  /** A connection that carries no request: the one that was used last, or a new one. */
  take(upstream: Upstream, node: UpstreamNode, host: string): UpstreamConnection {
    const target = targetOf(upstream, node, host);
    const idle = this.#idle.get(keyOf(target)) ?? [];
    const at = idle.findLastIndex(({ servername }) => servername === target.tls?.servername);
    const [kept] = at === -1 ? [] : idle.splice(at, 1);
    if (kept === undefined) return this.connect(upstream, node, host);
    kept.keepalive = upstream.keepalive;
    return kept;
  }

  /** A new connection, for a request that a kept one has failed. */
  connect(upstream: Upstream, node: UpstreamNode, host: string): UpstreamConnection {
    const target = targetOf(upstream, node, host);
    const key = keyOf(target);
    const made = new UpstreamConnection(target, upstream.keepalive, (connection, usable) => {
      if (usable) this.#keep(key, connection);
      else this.#forget(key, connection);
    });
    this.#all.add(made);
    return made;
  }

  close(): void {
    for (const connection of this.#all) connection.abort();
  }

  /** What is given up here is forgotten as it ends. */
  #keep(key: string, connection: UpstreamConnection): void {
    const { size, requests } = connection.keepalive;
    if (connection.requests >= requests) {
      connection.abort();
      return;
    }
    const idle = this.#idle.get(key) ?? [];
    idle.push(connection);
    this.#idle.set(key, idle);
    // As in nginx, it is the one that was idle for longest that goes.
    if (idle.length > size) idle[0]?.abort();
  }

  #forget(key: string, connection: UpstreamConnection): void {
    this.#all.delete(connection);
    const idle = this.#idle.get(key) ?? [];
    const at = idle.indexOf(connection);
    if (at !== -1) idle.splice(at, 1);
    if (idle.length === 0) this.#idle.delete(key);
  }
}

function targetOf({ scheme, timeouts, verifyTls }: Upstream, node: UpstreamNode, host: string): Target {
  return {
    host: node.host,
    port: node.port,
    connectMs: timeouts.connect * 1000,
    // APISIX does not verify the certificates of upstreams unless it is told to (`tls.verify`).
    tls: scheme === 'https' ? { verify: verifyTls, servername: nameIn(host) } : undefined,
  };
}

/** The name to ask for behind TLS; none where the Host is an address (RFC 6066, 3). */
function nameIn(host: string): string {
  const name = host.replace(/:\d+$/, '');
  return name.startsWith('[') || isIP(name) !== 0 ? '' : name;
}

/** Without the name that is asked for: it may be the client's, and there are as many as it likes. */
function keyOf({ host, port, connectMs, tls }: Target): string {
  const plain = `${host}:${port}|${connectMs}`;
  return tls === undefined ? plain : `${plain}|${tls.verify}`;
}
