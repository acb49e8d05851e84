import type { AmqpConnection, Context } from '../context.ts';
import type { Resource } from '../model/resource.ts';
import type { Stack } from '../model/stack.ts';
import { resourceOfKind } from '../resources/facts.ts';

const CONNECT_TIMEOUT_MS = 10_000;

/** The connection of one run to the broker of the stack. */
export class FlowBroker {
  readonly resource: Resource | undefined;
  readonly #context: Pick<Context, 'amqp'>;
  readonly #name: string;
  #connection: Promise<AmqpConnection> | undefined;

  constructor(context: Pick<Context, 'amqp'>, stack: Stack, flow: string) {
    this.#context = context;
    this.#name = `qbtc flow ${flow}`;
    this.resource = resourceOfKind(stack, 'rabbitmq');
  }

  /** Connects when it is first asked for. Rejects, each time, when that failed, or when the stack declares no broker. */
  connection(): Promise<AmqpConnection> {
    if (this.resource === undefined) return Promise.reject(new Error('the stack declares no broker'));
    this.#connection ??= this.#context.amqp(this.resource.endpoint.url, {
      timeoutMs: CONNECT_TIMEOUT_MS,
      name: this.#name,
    });
    return this.#connection;
  }

  async close(): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined);
    await connection?.close();
  }
}
