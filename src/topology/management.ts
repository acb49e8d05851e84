import type { Context, HttpResponse } from '../context.ts';
import { messageOf, QbtcError } from '../errors.ts';
import type { Binding, Exchange, Queue } from '../model/topology.ts';
import { isRecord } from '../reconcile/difference.ts';
import { isPassingNetworkError, retry } from '../reconcile/retry.ts';
import { NO_VHOST, type ObservedQueue, type ObservedTopology } from './observed.ts';

/** The management HTTP API of a broker and the account that the stack comes with. */
export interface ManagementAccess {
  /** `http://127.0.0.1:15672`, without a path. */
  url: string;
  user: string;
  password: string;
  vhost: string;
}

const DEADLINE_MS = 15_000;
const TRIES = 3;
const PAUSE_MS = 100;

const ABOUT_THE_BROKER = new Set(['BROKER_API_UNREACHABLE', 'BROKER_API_REFUSED', 'BROKER_API_UNKNOWN']);

/** True when the error is about the broker as a whole: every further request would end the same way. */
export function isAboutTheBroker(error: unknown): boolean {
  return error instanceof QbtcError && ABOUT_THE_BROKER.has(error.code);
}

class PassingAnswer extends Error {
  readonly response: HttpResponse;
  constructor(response: HttpResponse) {
    super(`status ${response.status}`);
    this.response = response;
  }
}

/**
 * RabbitMQ's management HTTP API (3.8 to 4.x), as far as a topology needs it. What is there is read, never found out
 * by declaring it again: RabbitMQ does not compare every argument then, and closes the channel over those it does.
 *
 * Every method rejects with a `QbtcError`: `BROKER_API_UNREACHABLE`, `BROKER_API_REFUSED` (the account),
 * `BROKER_API_UNKNOWN` (what answers is no management API), or `BROKER_REFUSED` with the broker's own words.
 */
export class Management {
  readonly #context: Pick<Context, 'http' | 'clock' | 'interrupted'>;
  readonly #access: ManagementAccess;
  readonly #authorization: string;

  constructor(context: Pick<Context, 'http' | 'clock' | 'interrupted'>, access: ManagementAccess) {
    this.#context = context;
    this.#access = access;
    this.#authorization = `Basic ${Buffer.from(`${access.user}:${access.password}`).toString('base64')}`;
  }

  async observe(): Promise<ObservedTopology> {
    const vhost = encodeURIComponent(this.#access.vhost);
    const exchanges = await this.#list(`/exchanges/${vhost}`);
    if (exchanges === undefined) return NO_VHOST;
    const [queues, bindings, defaultQueueType] = await Promise.all([
      // Figures of messages and rates are not needed, and costly for thousands of queues.
      this.#list(`/queues/${vhost}?disable_stats=true`),
      this.#list(`/bindings/${vhost}`),
      this.#defaultQueueType(),
    ]);
    return {
      vhostExists: true,
      exchanges: exchanges.map(toExchange),
      queues: (queues ?? []).map((queue) => toQueue(queue, defaultQueueType)),
      bindings: (bindings ?? []).map(toBinding),
      defaultQueueType,
    };
  }

  /** Creates the vhost and lets the stack's own account do everything in it. */
  async createVhost(): Promise<void> {
    const { vhost, user } = this.#access;
    await this.#write('PUT', `/vhosts/${encodeURIComponent(vhost)}`, {});
    await this.#write('PUT', `/permissions/${encodeURIComponent(vhost)}/${encodeURIComponent(user)}`, {
      configure: '.*',
      write: '.*',
      read: '.*',
    });
  }

  async declareExchange({ name, ...settings }: Exchange): Promise<void> {
    await this.#write('PUT', `/exchanges/${this.#inVhost(name)}`, settings);
  }

  async declareQueue({ name, ...settings }: Queue): Promise<void> {
    await this.#write('PUT', `/queues/${this.#inVhost(name)}`, settings);
  }

  /** Binding twice is binding once: RabbitMQ answers 201 to both. */
  async bind(binding: Binding): Promise<void> {
    const { source, destination, destination_type, routing_key, arguments: args } = binding;
    const target = `${destination_type === 'queue' ? 'q' : 'e'}/${encodeURIComponent(destination)}`;
    await this.#write('POST', `/bindings/${this.#inVhost('e', source)}/${target}`, {
      routing_key,
      arguments: args,
    });
  }

  #inVhost(...parts: string[]): string {
    return [this.#access.vhost, ...parts].map(encodeURIComponent).join('/');
  }

  /** What a queue becomes that says nothing of its type. Brokers and accounts that do not tell: classic. */
  async #defaultQueueType(): Promise<string> {
    const response = await this.#send('GET', `/vhosts/${encodeURIComponent(this.#access.vhost)}`);
    const json = parse(response.body);
    const type = response.status === 200 && isRecord(json) ? json.default_queue_type : undefined;
    return typeof type === 'string' && type !== 'undefined' && type !== '' ? type : 'classic';
  }

  /** The list at the path; `undefined` where there is no such vhost. */
  async #list(path: string): Promise<Record<string, unknown>[] | undefined> {
    const response = await this.#send('GET', path);
    const json = parse(response.body);
    if (response.status === 404 && isRecord(json)) return undefined;
    if (response.status !== 200) throw this.#refusal(response, json);
    if (!Array.isArray(json)) throw this.#unknown(response);
    return json.filter(isRecord);
  }

  async #write(method: string, path: string, body: object): Promise<void> {
    const response = await this.#send(method, path, body);
    if (response.status < 200 || response.status > 299) throw this.#refusal(response, parse(response.body));
  }

  async #send(method: string, path: string, body?: object): Promise<HttpResponse> {
    const { http, clock, interrupted } = this.#context;
    const attempt = async (timeoutMs: number) => {
      const response = await http(`${this.#access.url}/api${path}`, {
        method,
        headers: { authorization: this.#authorization, 'content-type': 'application/json' },
        timeoutMs,
        signal: interrupted,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (response.status === 503 || response.status === 429) throw new PassingAnswer(response);
      return response;
    };
    try {
      return await retry(attempt, {
        clock,
        deadlineMs: DEADLINE_MS,
        tries: TRIES,
        pauseMs: PAUSE_MS,
        canSucceed: (error) => error instanceof PassingAnswer || isPassingNetworkError(error),
        signal: interrupted,
      });
    } catch (error) {
      interrupted.throwIfAborted();
      if (error instanceof PassingAnswer) return error.response;
      throw new QbtcError(
        'BROKER_API_UNREACHABLE',
        `the management API at ${this.#access.url} cannot be reached: ${messageOf(error)}`,
        {
          hint: 'see whether the broker runs with `qbtc status`, start it with `qbtc up`; a RabbitMQ of your own needs `rabbitmq-plugins enable rabbitmq_management`',
          cause: error,
        },
      );
    }
  }

  #refusal(response: HttpResponse, json: unknown): QbtcError {
    if (!isRecord(json)) return this.#unknown(response);
    const { user, vhost, url } = this.#access;
    const reason = typeof json.reason === 'string' ? json.reason : `status ${response.status}`;
    // 401 is also what a single name gets that RabbitMQ keeps for itself: then the account is not the matter.
    const isAccount =
      response.status === 403 || (response.status === 401 && !reason.startsWith('Access refused'));
    if (!isAccount) return new QbtcError('BROKER_REFUSED', reason);
    return new QbtcError('BROKER_API_REFUSED', `the management API at ${url} refuses ${user}: ${reason}`, {
      hint: `the account needs the tag "administrator" (or "management" and an existing vhost): \`rabbitmqctl set_user_tags ${user} administrator && rabbitmqctl set_permissions -p ${vhost} ${user} ".*" ".*" ".*"\``,
    });
  }

  #unknown(response: HttpResponse): QbtcError {
    const start = response.body.slice(0, 80).replace(/\s+/g, ' ') || 'an empty answer';
    return new QbtcError(
      'BROKER_API_UNKNOWN',
      `what answers at ${this.#access.url} is no management API of RabbitMQ (status ${response.status}): ${start}`,
      { hint: 'it has a port of its own (15672 by default), not the port of AMQP' },
    );
  }
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function argumentsOf(item: Record<string, unknown>): Record<string, unknown> {
  // Erlang has one empty list for both: some versions write no arguments as `[]`.
  return isRecord(item.arguments) ? item.arguments : {};
}

function toExchange(item: Record<string, unknown>): Exchange {
  return {
    name: String(item.name),
    // Plugins bring types of their own; one that is not declared here is compared like any other.
    type: String(item.type) as Exchange['type'],
    durable: item.durable === true,
    auto_delete: item.auto_delete === true,
    internal: item.internal === true,
    arguments: argumentsOf(item),
  };
}

function toQueue(item: Record<string, unknown>, defaultType: string): ObservedQueue {
  const { 'x-queue-type': argument, ...rest } = argumentsOf(item);
  const type = [item.type, argument].find((each) => typeof each === 'string') ?? defaultType;
  return {
    name: String(item.name),
    // 4.x may name the module: `rabbit_quorum_queue`.
    type: String(type).replace(/^rabbit_(\w+)_queue$/, '$1'),
    durable: item.durable === true,
    auto_delete: item.auto_delete === true,
    exclusive: item.exclusive === true,
    arguments: rest,
  };
}

function toBinding(item: Record<string, unknown>): Binding {
  return {
    source: String(item.source),
    destination: String(item.destination),
    destination_type: item.destination_type === 'exchange' ? 'exchange' : 'queue',
    routing_key: String(item.routing_key),
    arguments: argumentsOf(item),
  };
}
