import { reasonOf } from '@stack/runtime/errors';
import { type Instance, urlOf } from '@stack/runtime/registry';

export interface EventStatistics {
  published: { service: string; instance: string; exchange: string; outcome: string; events: number }[];
  processed: {
    service: string;
    instance: string;
    source: string;
    outcome: string;
    events: number;
    mean_ms: number;
  }[];
  totals: { published: number; failed: number; processed: number; dead_lettered: number; retried: number };
  /** Instances whose numbers are missing. */
  unanswered: { instance: string; reason: string }[];
}

/** A metric as prom-client gives it in JSON. */
interface Metric {
  name: string;
  values: { value: number; labels: Record<string, string>; metricName?: string }[];
}

const TIMEOUT_MS = 10_000;

/** What all instances have published and processed since each was started, as their own metrics count it. */
export async function eventStatistics(instances: readonly Instance[]): Promise<EventStatistics> {
  const asked = await Promise.all(
    instances.map(async (instance) => ({ instance, ...(await metricsOf(instance)) })),
  );
  const published = asked.flatMap(({ instance, metrics }) =>
    valuesOf(metrics, 'bus_messages_published_total').map(({ value, labels }) => ({
      service: instance.name,
      instance: instance.instance,
      exchange: labels.exchange ?? '',
      outcome: labels.outcome ?? '',
      events: value,
    })),
  );
  const processed = asked.flatMap(({ instance, metrics }) => {
    const all = valuesOf(metrics, 'bus_message_duration_seconds');
    const sums = all.filter(({ metricName }) => metricName === 'bus_message_duration_seconds_sum');
    return all
      .filter(({ metricName }) => metricName === 'bus_message_duration_seconds_count')
      .map(({ value, labels: { source = '', outcome = '' } }) => {
        const seconds =
          sums.find(({ labels }) => labels.source === source && labels.outcome === outcome)?.value ?? 0;
        const mean_ms = value === 0 ? 0 : Math.round((seconds / value) * 1e6) / 1e3;
        return {
          service: instance.name,
          instance: instance.instance,
          source,
          outcome,
          events: value,
          mean_ms,
        };
      });
  });
  const sum = (items: readonly { outcome: string; events: number }[], ...outcomes: string[]) =>
    items
      .filter(({ outcome }) => outcomes.includes(outcome))
      .reduce((total, { events }) => total + events, 0);
  return {
    published,
    processed,
    totals: {
      published: sum(published, 'confirmed'),
      failed: sum(published, 'failed'),
      processed: sum(processed, 'processed', 'duplicate', 'expired'),
      dead_lettered: sum(processed, 'dead_lettered'),
      retried: sum(processed, 'retried', 'redelivered'),
    },
    unanswered: asked.flatMap(({ instance, reason }) =>
      reason === undefined ? [] : [{ instance: instance.instance, reason }],
    ),
  };
}

async function metricsOf(instance: Instance): Promise<{ metrics: Metric[]; reason?: string }> {
  try {
    const response = await fetch(urlOf(instance, '/metrics'), {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) return { metrics: [], reason: `/metrics answers ${response.status}` };
    const metrics: unknown = await response.json();
    return Array.isArray(metrics) ? { metrics } : { metrics: [], reason: '/metrics gives no list' };
  } catch (error) {
    return { metrics: [], reason: reasonOf(error) };
  }
}

function valuesOf(metrics: readonly Metric[], name: string): Metric['values'] {
  return metrics.find((metric) => metric.name === name)?.values ?? [];
}
