import type { Context } from '../../context.ts';
import { type Sample, samplesIn } from '../../metrics/prometheus.ts';
import type { ServiceMetrics } from '../../model/metrics.ts';
import type { Stack } from '../../model/stack.ts';
import { instancesOf } from '../../services/index.ts';

const TIMEOUT_MS = 5_000;
const DURATIONS = 'http_request_duration_seconds';

/** What each instance says of itself. One that does not answer is left out: `status` says why. */
export async function serviceMetrics(
  { http, interrupted }: Pick<Context, 'http' | 'interrupted'>,
  stack: Stack,
): Promise<ServiceMetrics[]> {
  const answers = await Promise.all(
    stack.services.flatMap(instancesOf).map(async ({ name, url: at, service: { health, metrics } }) => {
      if (at === undefined || metrics === undefined) return [];
      const url = `${at}${metrics}`;
      const own = [...(health.kind === 'http' ? [health.path] : []), metrics];
      try {
        const { body, status } = await http(url, { timeoutMs: TIMEOUT_MS, signal: interrupted });
        return status === 200 ? [instanceMetrics(name, samplesIn(body), own)] : [];
      } catch {
        interrupted.throwIfAborted();
        return [];
      }
    }),
  );
  return answers.flat();
}

/** @param own the paths of health and metrics, which are nobody's requests */
export function instanceMetrics(
  instance: string,
  samples: readonly Sample[],
  own: readonly string[],
): ServiceMetrics {
  const value = (name: string) => samples.find((sample) => sample.name === name)?.value ?? 0;
  const asked = samples.filter(({ labels }) => !own.includes(labels.route ?? ''));
  const counts = asked.filter(({ name }) => name === `${DURATIONS}_count`);
  const requests = sumOf(counts);
  const buckets = new Map<number, number>();
  for (const { name, labels, value: count } of asked) {
    if (name !== `${DURATIONS}_bucket`) continue;
    const bound = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le);
    buckets.set(bound, (buckets.get(bound) ?? 0) + count);
  }
  return {
    instance,
    memoryBytes: value('process_resident_memory_bytes'),
    cpuSeconds: value('process_cpu_seconds_total'),
    requests,
    errors: sumOf(counts.filter(({ labels }) => labels.status?.startsWith('5') === true)),
    ...(requests === 0
      ? {}
      : { p50Ms: quantile(buckets, 0.5) * 1000, p99Ms: quantile(buckets, 0.99) * 1000 }),
    eventLoopP99Ms: value('nodejs_eventloop_lag_p99_seconds') * 1000,
  };
}

function sumOf(samples: readonly Sample[]): number {
  return samples.reduce((sum, { value }) => sum + value, 0);
}

/**
 * Linear within the bucket that holds it, as Prometheus' `histogram_quantile`
 * (https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile): beyond the last bound it is
 * that bound.
 *
 * @param buckets cumulative counts by upper bound
 */
export function quantile(buckets: ReadonlyMap<number, number>, share: number): number {
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  const total = sorted.at(-1)?.[1] ?? 0;
  const rank = share * total;
  let [lower, below] = [0, 0];
  for (const [bound, count] of sorted) {
    if (count >= rank && count > below) {
      if (!Number.isFinite(bound)) return lower;
      return lower + (bound - lower) * ((rank - below) / (count - below));
    }
    [lower, below] = [bound, count];
  }
  return lower;
}
