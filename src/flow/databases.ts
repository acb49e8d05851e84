import type { Context, SqlConnection } from '../context.ts';
import type { Resource } from '../model/resource.ts';

const CONNECT_TIMEOUT_MS = 3_000;

/** The database connections of one run, one for each resource. */
export class Databases {
  readonly #context: Pick<Context, 'sql'>;
  readonly #connections = new Map<string, Promise<SqlConnection>>();

  constructor(context: Pick<Context, 'sql'>) {
    this.#context = context;
  }

  /** Connects when it is first asked for the resource. Rejects, each time, when that failed. */
  connection({ name, endpoint }: Resource): Promise<SqlConnection> {
    const known = this.#connections.get(name);
    if (known) return known;
    const connection = this.#context.sql(endpoint.url, { timeoutMs: CONNECT_TIMEOUT_MS });
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
