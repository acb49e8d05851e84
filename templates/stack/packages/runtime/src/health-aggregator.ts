import { reasonOf } from './errors.ts';
import type { HealthDocument } from './health.ts';
import type { Log } from './logging.ts';
import { type Instance, type KnownService, urlOf } from './registry/index.ts';

export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy';

/** What one instance answered. */
export interface InstanceHealth {
  instance: string;
  status: HealthStatus;
  /** Why it is not healthy. */
  reason?: string;
  /** How long it took to answer, in milliseconds. */
  duration_ms: number;
  version?: string;
  uptime_seconds?: number;
  checks?: HealthDocument['checks'];
}

export interface ServiceHealth {
  name: string;
  /** Unhealthy without an instance that works; degraded when one of several does not. */
  status: HealthStatus;
  reasons: string[];
  instances: InstanceHealth[];
}

export interface AggregatedHealth {
  status: HealthStatus;
  /** Each names its service. */
  reasons: string[];
  /** When it was asked, in UTC. */
  checked_at: string;
  /** How long that took, in milliseconds. */
  duration_ms: number;
  services: ServiceHealth[];
}

export interface HealthChange {
  /** A service, or `undefined` for the stack as a whole. */
  service: string | undefined;
  before: HealthStatus | undefined;
  now: HealthStatus;
  reasons: string[];
}

/** The health of everything that is registered, asked again and again. */
export interface HealthAggregator {
  /** What was found at most `maxAgeMs` ago; asked now when there is nothing that new. @throws while the registry is away */
  report(maxAgeMs?: number): Promise<AggregatedHealth>;
  /** How often was asked, and how that came out. */
  statistics(): { checks: number; failures: number; changes: number };
  close(): void;
}

export interface HealthAggregatorOptions {
  /** What is to be asked: `registry.services()`. */
  services(): Promise<readonly KnownService[]>;
  log: Log;
  /** Milliseconds between two rounds. */
  everyMs?: number;
  /** Milliseconds for one answer. */
  timeoutMs?: number;
  onChange?(changes: HealthChange[]): void;
}

export const CHECK_EVERY_MS = 30_000;
export const CHECK_TIMEOUT_MS = 10_000;

export function createHealthAggregator(options: HealthAggregatorOptions): HealthAggregator {
  const { log, everyMs = CHECK_EVERY_MS, timeoutMs = CHECK_TIMEOUT_MS } = options;
  const counted = { checks: 0, failures: 0, changes: 0 };
  let last: { report: AggregatedHealth; at: number } | undefined;
  let asking: Promise<AggregatedHealth> | undefined;

  const ask = async (): Promise<AggregatedHealth> => {
    const started = performance.now();
    const known = await options.services();
    const services = await Promise.all(
      known.map(async (service) => {
        const instances = await Promise.all(
          service.instances.map((instance) => askInstance(instance, timeoutMs)),
        );
        counted.checks += instances.length;
        counted.failures += instances.filter(({ status }) => status === 'unhealthy').length;
        return judgeService(service, instances);
      }),
    );
    const report: AggregatedHealth = {
      ...judgeStack(services),
      checked_at: new Date().toISOString(),
      duration_ms: since(started),
      services,
    };
    const changes = last === undefined ? [] : healthChanges(last.report, report);
    counted.changes += changes.length;
    last = { report, at: performance.now() };
    if (changes.length > 0) options.onChange?.(changes);
    return report;
  };

  const askOnce = () => {
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };
  const timer = setInterval(() => {
    askOnce().catch((error: unknown) => log.warn('could not ask the services for their health', { error }));
  }, everyMs);
  timer.unref();

  return {
    async report(maxAgeMs = everyMs) {
      if (last !== undefined && performance.now() - last.at <= maxAgeMs) return last.report;
      return askOnce();
    },
    statistics: () => ({ ...counted }),
    close: () => clearInterval(timer),
  };
}

async function askInstance(instance: Instance, timeoutMs: number): Promise<InstanceHealth> {
  const started = performance.now();
  const { health } = instance;
  const failed = (reason: string): InstanceHealth => ({
    instance: instance.instance,
    status: 'unhealthy',
    reason,
    duration_ms: since(started),
  });
  try {
    const response = await fetch(urlOf(instance, health), { signal: AbortSignal.timeout(timeoutMs) });
    const document = (await response.json().catch(() => undefined)) as Partial<HealthDocument> | undefined;
    if (document?.service !== undefined && document.service !== instance.name)
      return failed(`${document.service} answers at its address`);
    const status = document?.status ?? (response.ok ? 'healthy' : 'unhealthy');
    const reason =
      document?.reason ?? failingChecks(document?.checks) ?? `${health} answers ${response.status}`;
    return {
      instance: instance.instance,
      status,
      ...(status === 'healthy' ? {} : { reason }),
      duration_ms: since(started),
      ...(document?.version === undefined ? {} : { version: document.version }),
      ...(document?.uptime_seconds === undefined ? {} : { uptime_seconds: document.uptime_seconds }),
      ...(document?.checks === undefined ? {} : { checks: document.checks }),
    };
  } catch (error) {
    if (error instanceof DOMException && error.name === 'TimeoutError')
      return failed(`no answer within ${timeoutMs} ms`);
    return failed(reasonOf(error));
  }
}

function failingChecks(checks: HealthDocument['checks'] | undefined): string | undefined {
  const failing = Object.entries(checks ?? {}).filter(([, { status }]) => status !== 'healthy');
  if (failing.length === 0) return undefined;
  return failing.map(([name, { reason }]) => `${name}: ${reason ?? 'not healthy'}`).join('; ');
}

/** A service is as good as what is left of it. */
export function judgeService(service: KnownService, instances: InstanceHealth[]): ServiceHealth {
  const { name } = service;
  if (instances.length === 0) {
    const reason = `no instance is registered${service.goodbye === undefined ? '' : ` (the last one ended: ${service.goodbye})`}`;
    return { name, status: 'unhealthy', reasons: [reason], instances };
  }
  const working = instances.filter(({ status }) => status !== 'unhealthy');
  const status =
    working.length === 0
      ? 'unhealthy'
      : instances.every((instance) => instance.status === 'healthy')
        ? 'healthy'
        : 'degraded';
  const reasons = instances.flatMap(({ instance, reason }) =>
    reason === undefined ? [] : [`${instance}: ${reason}`],
  );
  return { name, status, reasons, instances };
}

/** The stack is as good as its worst service. */
export function judgeStack(services: readonly ServiceHealth[]): { status: HealthStatus; reasons: string[] } {
  const found = services.map(({ status }) => status);
  return {
    status: found.includes('unhealthy') ? 'unhealthy' : found.includes('degraded') ? 'degraded' : 'healthy',
    reasons: services.flatMap(({ name, reasons }) => reasons.map((reason) => `${name}: ${reason}`)),
  };
}

/** What is of another status than before. */
export function healthChanges(before: AggregatedHealth, now: AggregatedHealth): HealthChange[] {
  const former = new Map(before.services.map(({ name, status }) => [name, status]));
  const changes = now.services.flatMap(({ name, status, reasons }): HealthChange[] =>
    former.get(name) === status ? [] : [{ service: name, before: former.get(name), now: status, reasons }],
  );
  return before.status === now.status
    ? changes
    : [...changes, { service: undefined, before: before.status, now: now.status, reasons: now.reasons }];
}

function since(started: number): number {
  return Math.round((performance.now() - started) * 100) / 100;
}
