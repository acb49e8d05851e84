import type { Exchange } from '../exchange.ts';
import type { Upstream, UpstreamNode } from './upstream.ts';
import type { Failure } from './upstream-connection.ts';

/** The nodes that one request was sent to, and what came of each. */
export class Attempts {
  readonly #exchange: Exchange;
  readonly #upstream: Upstream;
  readonly #tried: UpstreamNode[] = [];
  /** How many of them have a name that nothing answers for: as in APISIX, they are as good as not there. */
  #unresolved = 0;
  /** What each try came to, as in nginx's `$upstream_status`. */
  readonly #statuses: number[] = [];

  constructor(exchange: Exchange, upstream: Upstream) {
    this.#exchange = exchange;
    this.#upstream = upstream;
  }

  /** The node to begin with; `undefined` where there is none. */
  first(): UpstreamNode | undefined {
    const node = this.#upstream.pick(this.#exchange, this.#tried);
    if (node !== undefined) this.#tried.push(node);
    return node;
  }

  /** The node to try after a failure; `undefined` where there is none, or enough was tried. */
  next(failure: Failure): UpstreamNode | undefined {
    const elapsed = performance.now() - this.#exchange.startedAt;
    if (!this.#upstream.mayRetry(this.#tried.length - this.#unresolved, elapsed)) return undefined;
    const next = this.#upstream.pick(this.#exchange, this.#tried);
    // A node that is alone is given again; its name is still what it was.
    if (next === undefined || (failure === 'unresolved' && next === this.#tried.at(-1))) return undefined;
    this.#tried.push(next);
    return next;
  }

  answered(status: number): void {
    this.#statuses.push(status);
  }

  failed(failure: Failure): void {
    if (failure === 'unresolved') this.#unresolved++;
    else this.#statuses.push(isTimeout(failure) ? 504 : 502);
  }

  /** What the last try came to; `undefined` when no node could be asked. */
  get lastStatus(): number | undefined {
    return this.#statuses.at(-1);
  }

  /** What all came to: `502, 200`. */
  get statuses(): string {
    return this.#statuses.join(', ');
  }
}

export function isTimeout(failure: Failure): boolean {
  return failure === 'timeout' || failure === 'connect-timeout';
}
