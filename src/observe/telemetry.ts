import * as z from 'zod';
import type { Context, HttpResponse } from '../context.ts';
import { messageOf } from '../errors.ts';
import { healthDetails as healthDetailsOf } from '../health/index.ts';
import { continues, openLogs, type StackLogs } from '../logs/index.ts';
import { metricFamilies } from '../metrics/prometheus.ts';
import { LOG_LEVELS, type LogLine } from '../model/log.ts';
import type { Measured } from '../model/measured.ts';
import type { ServiceTelemetry } from '../model/observation.ts';
import type { Stack } from '../model/stack.ts';
import type { RuntimesContext } from '../placement/runtimes.ts';
import { type Instance, instancesOf } from '../services/index.ts';
import { presentLines } from './present-lines.ts';

const DEADLINE_MS = 5_000;
/** How many of the last lines of each instance are read. */
const LOG_LINES = 200;

/** The types that Prometheus knows of what it reads. */
const EXPOSITION = /^text\/plain; *version=|openmetrics-text/;

type Reach = RuntimesContext & Pick<Context, 'http' | 'interrupted'>;

/** The one schema of the stack's log lines. Further fields are allowed. */
const logLineSchema = z.object({
  timestamp: z.iso.datetime({ offset: true }),
  service: z.string().min(1),
  level: z.enum(LOG_LEVELS),
  message: z.string(),
  context: z.record(z.string(), z.unknown()).optional(),
  correlation_id: z.string().optional(),
});

const recordSchema = z.record(z.string(), z.unknown());

/** What the records of each declared service look like from outside; of several replicas, all together. */
export async function observeTelemetry(context: Reach, stack: Stack): Promise<ServiceTelemetry[]> {
  const logs = await openLogs(context, stack);
  return Promise.all(
    stack.services.map(async (service) => {
      const instances = instancesOf(service);
      const [records, metrics] = await Promise.all([
        Promise.all(instances.map((instance) => recordsOf(context, logs, instance))),
        Promise.all(instances.map((instance) => metricsOf(context, instance))),
      ]);
      return {
        service: service.name,
        logLines: judgeLogLines(records.flatMap(({ lines }) => lines)),
        healthDetails: weakest(records.map(({ healthDetails }) => healthDetails)),
        metrics: weakest(metrics),
      };
    }),
  );
}

/** How many of the lines parse in the schema of the stack and in any form at all, and the first that does not. */
function judgeLogLines(lines: readonly LogLine[]): ServiceTelemetry['logLines'] {
  const broken = lines.filter(({ raw }) => !isWellFormed(raw));
  const firstBroken = broken[0]?.raw;
  const begin = lines.findIndex(({ form }) => form !== undefined);
  // What stands before the first line of a logger was printed by what has started it.
  const unread = lines.filter(
    ({ form, raw }, index) => index > begin && form === undefined && !continues(raw),
  );
  const firstUnread = unread[0]?.raw;
  return {
    read: lines.length,
    wellFormed: lines.length - broken.length,
    ...(firstBroken === undefined ? {} : { firstBroken }),
    forms: [...new Set(lines.flatMap(({ form }) => (form === undefined ? [] : [form])))],
    unread: unread.length,
    ...(firstUnread === undefined ? {} : { firstUnread }),
  };
}

function isWellFormed(line: string): boolean {
  try {
    return logLineSchema.safeParse(JSON.parse(line)).success;
  } catch {
    return false;
  }
}

/** The health document of an instance, and the log lines of the process that gives it. */
async function recordsOf(
  context: Reach,
  logs: StackLogs,
  { name, service: { health: readiness }, url }: Instance,
): Promise<{ lines: LogLine[]; healthDetails: ServiceTelemetry['healthDetails'] }> {
  const askedAt = context.clock.now();
  const [tail, health] = await Promise.all([
    logs.tail(name, LOG_LINES),
    readiness.kind === 'http' && url !== undefined
      ? ask(context, `${url}${readiness.path}`, objectOf)
      : { measured: false as const, reason: 'it declares no health document' },
  ]);
  if (!health.measured) return { lines: tail, healthDetails: health };
  const uptime = health.value.uptime_seconds;
  const startedAt = typeof uptime === 'number' ? askedAt - uptime * 1000 : undefined;
  const checks = Object.keys(recordSchema.safeParse(health.value.checks).data ?? {}).length;
  const { form, details } = healthDetailsOf(health.value);
  const path = readiness.kind === 'http' ? readiness.path : '';
  const problem = checks === 0 ? `${path} has no object "checks" with a member` : '';
  return {
    lines: presentLines(tail, startedAt),
    healthDetails: { measured: true, value: { checks, problem, form, details: details.length } },
  };
}

/** The members of a JSON object; none for anything else. */
function objectOf({ body }: HttpResponse): Record<string, unknown> {
  try {
    return recordSchema.parse(JSON.parse(body));
  } catch {
    return {};
  }
}

async function metricsOf(
  context: Reach,
  { service: { metrics, metricsAreNamed, health }, url }: Instance,
): Promise<ServiceTelemetry['metrics']> {
  if (metrics === undefined || url === undefined)
    return { measured: false, reason: 'it declares no metrics' };
  const measured = await ask(context, `${url}${metrics}`, ({ body, status, headers }) => {
    // Nobody has said that they are there, and what is there is none.
    const absent =
      metricsAreNamed !== true &&
      status < 500 &&
      !(status === 200 && EXPOSITION.test(headers['content-type'] ?? ''));
    const no = (problem: string) => ({ families: 0, problem, absent });
    if (status !== 200) return no(`${metrics} answers ${status}`);
    try {
      const families = metricFamilies(body).size;
      return families === 0 ? no(`${metrics} holds no sample`) : { families, problem: '', absent: false };
    } catch (error) {
      return no(`${metrics}: ${messageOf(error)}`);
    }
  });
  // What is asked otherwise may speak something else at its port.
  return measured.measured || metricsAreNamed === true || health.kind === 'http'
    ? measured
    : { measured: true, value: { families: 0, problem: `${metrics}: ${measured.reason}`, absent: true } };
}

/** A service that does not answer was not measured; what it answers is judged. */
async function ask<Value>(
  { http, interrupted }: Reach,
  url: string,
  judge: (answer: HttpResponse) => Value,
): Promise<Measured<Value>> {
  try {
    const answer = await http(url, { timeoutMs: DEADLINE_MS, signal: interrupted });
    return { measured: true, value: judge(answer) };
  } catch (error) {
    return { measured: false, reason: messageOf(error) };
  }
}

/** Of several replicas the one that speaks against the service: not measured, or with a problem. */
function weakest<Value extends { problem: string }>(all: Measured<Value>[]): Measured<Value> {
  return (
    all.find((each) => !each.measured) ??
    all.find((each) => each.measured && each.value.problem !== '') ??
    all[0] ?? { measured: false, reason: 'no replica is declared' }
  );
}
