import { BrokenCircuitError, BulkheadRejectedError, bulkhead, type IPolicy } from 'cockatiel';
import { Agent, request as send } from 'undici';
import { type Balancer, type BalancerName, createBalancer } from '../balancer.ts';
import { reasonOf } from '../errors.ts';
import { PATIENCE } from '../patience.ts';
import { type Instance, urlOf } from '../registry/index.ts';
import { type Backoff, retry } from '../retry.ts';
import { type Span, SpanKind, type Tracing, traceparentOf } from '../tracing/index.ts';
import { createBreakers } from './breakers.ts';
import { CallFailed } from './errors.ts';

export { CallFailed } from './errors.ts';

export interface Call {
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  json?: unknown;
  correlationId: string;
  /** Milliseconds for the call with all its tries; what is left of them is passed on in `x-timeout-ms`. */
  budgetMs?: number;
  /** Whether it may be sent twice. Default: by its method, as HTTP defines it. */
  idempotent?: boolean;
  /** What calls that belong on the same instance share. */
  key?: string;
  /** What it is called for: the spans of its tries lie below that one. */
  span?: Span | undefined;
  signal?: AbortSignal;
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
  /** Parses the body. @throws {CallFailed} when it is not JSON */
  json(): unknown;
  /** Which instance gave it. */
  instance: string;
  /** From 1. */
  attempts: number;
}

/** Calls services by their name. */
export interface ServiceClient {
  /**
   * An answer of any status that is not worth another try.
   *
   * @throws {CallFailed} when there is no instance, no answer within the budget, too much to do, or an answer of
   * 502, 503 or 504 to the last try
   */
  call(service: string, call: Call): Promise<Answer>;
  close(): Promise<void>;
}

export interface ServiceClientOptions {
  /** The instances of a service, healthy or not: `registry.list()` filtered, or a fixed list. */
  resolve(service: string): Promise<readonly Instance[]>;
  tracing: Tracing;
  balancer?: BalancerName;
  /** Milliseconds, where a call names none. */
  budgetMs?: number;
  retries?: number;
  backoff?: Backoff;
  /** Failures one after the other until an instance is left alone, and for how many milliseconds. */
  breaker?: { failures: number; openMs: number };
  /** Calls of a service in work at once, and further ones that may wait. */
  bulkhead?: { size: number; waiting: number };
}

const IDEMPOTENT = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);
const WORTH_ANOTHER_TRY = new Set([502, 503, 504]);
const INSTANCES_TTL_MS = 1000;

export function createServiceClient(options: ServiceClientOptions): ServiceClient {
  const { tracing, retries = 2, budgetMs: usualBudgetMs = 10_000 } = options;
  const backoff = options.backoff ?? { kind: 'decorrelated-jitter', delayMs: 50, maxMs: 1000 };
  const { size, waiting } = options.bulkhead ?? { size: 64, waiting: 256 };
  const dispatcher = new Agent({ keepAliveTimeout: 10_000, connect: { timeout: PATIENCE.connect } });
  const breakers = createBreakers(options.breaker ?? { failures: 5, openMs: 10_000 });
  const balancers = new Map<string, Balancer>();
  const bulkheads = new Map<string, IPolicy>();
  const inFlight = new Map<string, number>();
  const resolved = new Map<string, { instances: Promise<readonly Instance[]>; until: number }>();

  const instancesOf = (service: string): Promise<readonly Instance[]> => {
    const known = resolved.get(service);
    if (known !== undefined && performance.now() < known.until) return known.instances;
    const asked = { instances: options.resolve(service), until: performance.now() + INSTANCES_TTL_MS };
    resolved.set(service, asked);
    // While the registry is away its last word counts.
    asked.instances = asked.instances.catch((error: unknown) => {
      if (known === undefined) {
        resolved.delete(service);
        throw new CallFailed('unresolved', `where ${service} runs is not known: ${reasonOf(error)}`, {
          cause: error,
        });
      }
      return known.instances;
    });
    return asked.instances;
  };

  const choose = async (service: string, tried: ReadonlySet<string>, call: Call): Promise<Instance> => {
    const all = await instancesOf(service);
    const usable = all.filter(({ status, instance }) => status !== 'unhealthy' && !breakers.isOpen(instance));
    const fresh = usable.filter(({ instance }) => !tried.has(instance));
    const balancer = getOrAdd(balancers, service, () => createBalancer(options.balancer ?? 'round-robin'));
    const chosen = balancer.pick(fresh.length > 0 ? fresh : usable, {
      ...(call.key === undefined ? {} : { key: call.key }),
      inFlight: (instance) => inFlight.get(instance) ?? 0,
    });
    if (chosen !== undefined) return chosen;
    const reason = all.length === 0 ? 'none is registered' : `none of ${all.length} is healthy`;
    throw new CallFailed('no-instance', `no instance of ${service} can be called: ${reason}`);
  };

  const ask = async (
    instance: Instance,
    call: Call,
    restMs: number,
    signal: AbortSignal,
    span: Span,
  ): Promise<Omit<Answer, 'attempts'>> => {
    const { method = 'GET', path, json } = call;
    const url = urlOf(instance, path);
    const traceparent = traceparentOf(span);
    const { statusCode, headers, body } = await send(url, {
      method,
      dispatcher,
      signal,
      headersTimeout: restMs,
      bodyTimeout: restMs,
      headers: {
        ...call.headers,
        'x-correlation-id': call.correlationId,
        'x-timeout-ms': String(Math.ceil(restMs)),
        ...(traceparent === undefined ? {} : { traceparent }),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    const text = await body.text();
    return {
      status: statusCode,
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
      body: text,
      json: () => parsed(text, instance.instance),
      instance: instance.instance,
    };
  };

  return {
    async call(service, call) {
      const method = call.method ?? 'GET';
      const budgetMs = call.budgetMs ?? usualBudgetMs;
      const deadline = performance.now() + budgetMs;
      const limit = getOrAdd(bulkheads, service, () => bulkhead(size, waiting));
      const tried = new Set<string>();
      const repeatable = call.idempotent ?? IDEMPOTENT.has(method);
      const late = AbortSignal.timeout(Math.max(1, Math.ceil(budgetMs)));
      const signal = call.signal === undefined ? late : AbortSignal.any([late, call.signal]);

      const once = async (attempt: number): Promise<Answer> => {
        const instance = await choose(service, tried, call);
        tried.add(instance.instance);
        const attributes = {
          'http.request.method': method,
          'url.path': call.path,
          'server.address': instance.host,
          'server.port': instance.port,
          'http.request.resend_count': attempt - 1,
        };
        const entry = { kind: SpanKind.CLIENT, attributes, parent: call.span };
        return tracing.span(`${method} ${service}`, entry, async (span) => {
          inFlight.set(instance.instance, (inFlight.get(instance.instance) ?? 0) + 1);
          try {
            return await breakers.of(instance.instance).execute(async () => {
              const answer = await ask(
                instance,
                call,
                Math.max(1, deadline - performance.now()),
                signal,
                span,
              );
              span.setAttribute('http.response.status_code', answer.status);
              if (WORTH_ANOTHER_TRY.has(answer.status))
                throw new CallFailed(
                  'bad-answer',
                  `${service} (${answer.instance}) answered ${answer.status}`,
                  { status: answer.status },
                );
              return { ...answer, attempts: attempt };
            });
          } catch (error) {
            if (call.signal?.aborted) throw call.signal.reason;
            if (late.aborted)
              throw new CallFailed('timeout', `${service} did not answer within ${budgetMs} ms`, {
                cause: error,
              });
            throw asCallFailed(service, instance, error);
          } finally {
            inFlight.set(instance.instance, (inFlight.get(instance.instance) ?? 1) - 1);
          }
        });
      };

      try {
        return await limit.execute(() =>
          retry(once, {
            backoff,
            retries,
            deadlineMs: budgetMs,
            ...(call.signal === undefined ? {} : { signal: call.signal }),
            // What never reached the instance may be sent again whatever it is.
            when: (error) => error instanceof CallFailed && (error.unsent || (repeatable && error.passing)),
          }),
        );
      } catch (error) {
        if (error instanceof BulkheadRejectedError)
          throw new CallFailed('overloaded', `${size} calls of ${service} are in work and ${waiting} wait`, {
            cause: error,
          });
        throw error;
      }
    },

    async close() {
      await dispatcher.destroy();
    },
  };
}

function asCallFailed(service: string, instance: Instance, error: unknown): CallFailed {
  if (error instanceof CallFailed) return error;
  const what = `${service} (${instance.instance})`;
  if (error instanceof BrokenCircuitError)
    return new CallFailed('circuit-open', `${what} failed too often and is left alone`, { cause: error });
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const unsent = ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT'].includes(code);
  return new CallFailed(unsent ? 'unreachable' : 'broken-off', `${what}: ${reasonOf(error)}`, {
    cause: error,
  });
}

function parsed(text: string, instance: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CallFailed('bad-answer', `${instance} did not answer in JSON`, { cause: error });
  }
}

function getOrAdd<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const present = map.get(key);
  if (present !== undefined) return present;
  const made = make();
  map.set(key, made);
  return made;
}
