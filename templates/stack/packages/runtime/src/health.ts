import { reasonOf } from './errors.ts';
import { PATIENCE } from './patience.ts';

/** What one check found. */
export interface CheckResult {
  status: 'healthy' | 'degraded' | 'unhealthy';
  latency_ms: number;
  /** Why it is not healthy. */
  reason?: string;
}

/** The body of `GET /health`. */
export interface HealthDocument {
  service: string;
  status: 'healthy' | 'degraded' | 'unhealthy';
  version: string;
  uptime_seconds: number;
  /** Why the service as a whole takes no work, apart from its checks. */
  reason?: string;
  checks: Record<string, CheckResult>;
}

export interface Check {
  /** Resolves when what is checked works; rejects with the reason. */
  probe(): Promise<unknown>;
  /** Without it the service cannot work (`unhealthy`), or works less well (`degraded`). */
  whenFailing: 'unhealthy' | 'degraded';
}

export interface Health {
  add(name: string, check: Check): void;
  /** From now on the service is unhealthy for this reason: it is ending. */
  close(reason: string): void;
  report(): Promise<HealthDocument>;
}

export function createHealth(options: { service: string; version: string; timeoutMs?: number }): Health {
  const timeoutMs = options.timeoutMs ?? PATIENCE.check;
  const started = performance.now();
  const checks = new Map<string, Check>();
  let closed: string | undefined;

  return {
    add(name, check) {
      checks.set(name, check);
    },
    close(reason) {
      closed = reason;
    },
    async report() {
      const results = await Promise.all(
        [...checks].map(async ([name, check]) => [name, await run(check, timeoutMs)] as const),
      );
      const found = results.map(([, { status }]) => status);
      return {
        service: options.service,
        status:
          closed !== undefined || found.includes('unhealthy')
            ? 'unhealthy'
            : found.includes('degraded')
              ? 'degraded'
              : 'healthy',
        version: options.version,
        uptime_seconds: Math.round(performance.now() - started) / 1000,
        ...(closed === undefined ? {} : { reason: closed }),
        checks: Object.fromEntries(results),
      };
    },
  };
}

async function run(check: Check, timeoutMs: number): Promise<CheckResult> {
  const started = performance.now();
  const latency = () => Math.round((performance.now() - started) * 100) / 100;
  let timer: NodeJS.Timeout | undefined;
  try {
    await Promise.race([
      check.probe(),
      new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      }),
    ]);
    return { status: 'healthy', latency_ms: latency() };
  } catch (error) {
    return { status: check.whenFailing, latency_ms: latency(), reason: reasonOf(error) };
  } finally {
    clearTimeout(timer);
  }
}
