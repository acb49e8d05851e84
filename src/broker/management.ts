import type { Context, HttpResponse } from '../context.ts';
import { messageOf, QbtcError } from '../errors.ts';
import { isPassingNetworkError, PassingAnswer, retry } from '../reconcile/retry.ts';
import { isRecord } from '../record.ts';
import type { ManagementAccess } from './access.ts';

const DEADLINE_MS = 15_000;
const TRIES = 3;
const PAUSE_MS = 100;

const ABOUT_THE_BROKER = new Set(['BROKER_API_UNREACHABLE', 'BROKER_API_REFUSED', 'BROKER_API_UNKNOWN']);

/** True when the error is about the broker as a whole: every further request would end the same way. */
export function isAboutTheBroker(error: unknown): boolean {
  return error instanceof QbtcError && ABOUT_THE_BROKER.has(error.code);
}

/**
 * RabbitMQ's management HTTP API (3.8 to 4.x).
 *
 * Every method rejects with a `QbtcError`: `BROKER_API_UNREACHABLE`, `BROKER_API_REFUSED` (the account),
 * `BROKER_API_UNKNOWN` (what answers is no management API), or `BROKER_REFUSED` with the broker's own words.
 */
export class ManagementApi {
  readonly access: ManagementAccess;
  readonly #context: Pick<Context, 'http' | 'clock' | 'interrupted'>;
  readonly #authorization: string;

  constructor(context: Pick<Context, 'http' | 'clock' | 'interrupted'>, access: ManagementAccess) {
    this.#context = context;
    this.access = access;
    this.#authorization = `Basic ${Buffer.from(`${access.user}:${access.password}`).toString('base64')}`;
  }

  /** A path of names in the vhost: `/queues/acme/q%201`. */
  inVhost(collection: string, ...names: string[]): string {
    return `/${[collection, this.access.vhost, ...names].map(encodeURIComponent).join('/')}`;
  }

  /** The list at the path; `undefined` where there is no such thing. */
  async list(path: string): Promise<Record<string, unknown>[] | undefined> {
    const json = await this.#read(path);
    if (json === undefined) return undefined;
    if (!Array.isArray(json.body)) throw this.#unknown(json.response);
    return json.body.filter(isRecord);
  }

  /** The object at the path; `undefined` where there is none. */
  async object(path: string): Promise<Record<string, unknown> | undefined> {
    const json = await this.#read(path);
    if (json === undefined) return undefined;
    if (!isRecord(json.body)) throw this.#unknown(json.response);
    return json.body;
  }

  async write(method: 'PUT' | 'POST', path: string, body: object): Promise<void> {
    const response = await this.#send(method, path, body);
    if (response.status < 200 || response.status > 299) throw this.#refusal(response, parse(response.body));
  }

  /** What is not there is deleted already. */
  async delete(path: string): Promise<void> {
    const response = await this.#send('DELETE', path);
    if (response.status === 404) return;
    if (response.status < 200 || response.status > 299) throw this.#refusal(response, parse(response.body));
  }

  async #read(path: string): Promise<{ body: unknown; response: HttpResponse } | undefined> {
    const response = await this.#send('GET', path);
    const body = parse(response.body);
    if (response.status === 404 && isRecord(body)) return undefined;
    if (response.status !== 200) throw this.#refusal(response, body);
    return { body, response };
  }

  async #send(method: string, path: string, body?: object): Promise<HttpResponse> {
    const { http, clock, interrupted } = this.#context;
    const attempt = async (timeoutMs: number) => {
      const response = await http(`${this.access.url}/api${path}`, {
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
        `the management API at ${this.access.url} cannot be reached: ${messageOf(error)}`,
        {
          hint: 'see whether the broker runs with `qbtc status`, start it with `qbtc up`; a RabbitMQ of your own needs `rabbitmq-plugins enable rabbitmq_management`',
          cause: error,
        },
      );
    }
  }

  #refusal(response: HttpResponse, json: unknown): QbtcError {
    if (!isRecord(json)) return this.#unknown(response);
    const { user, vhost, url } = this.access;
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
      `what answers at ${this.access.url} is no management API of RabbitMQ (status ${response.status}): ${start}`,
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
