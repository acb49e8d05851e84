import type { Resource } from '../model/resource.ts';

const CONNECT_TIMEOUT_MS = 10_000;

/** The connections of one run to the databases or caches of the stack, one for each resource. */
export class Connections<Connection extends { close(): Promise<void> }> {
  readonly #open: (url: string, options: { timeoutMs: number }) => Promise<Connection>;
  readonly #connections = new Map<string, Promise<Connection>>();

  constructor(open: (url: string, options: { timeoutMs: number }) => Promise<Connection>) {
    this.#open = open;
  }

  /** Connects when it is first asked for the resource. Rejects, each time, when that failed. */
  connection({ name, endpoint }: Resource): Promise<Connection> {
    const known = this.#connections.get(name);
    if (known) return known;
    const connection = this.#open(endpoint.url, { timeoutMs: CONNECT_TIMEOUT_MS });
    this.#connections.set(name, connection);
    return connection;
  }

  async close(): Promise<void> {
    const settled = await Promise.allSettled(this.#connections.values());
    await Promise.allSettled(
      settled.map((result) => (result.status === 'fulfilled' ? result.value.close() : undefined)),
    );
  }
}
