import { z } from 'zod';
import type { Context } from '../context.ts';
import { messageOf } from '../errors.ts';
import { type Instance, instancesOf, readLogTail } from '../infra/index.ts';
import type { Measured } from '../model/measured.ts';
import type { ServiceTelemetry } from '../model/observation.ts';
import type { Stack } from '../model/stack.ts';
import { metricFamilies } from './prometheus.ts';

const DEADLINE_MS = 2_000;
/** How many of the last lines of each instance are read. */
const LOG_LINES = 200;

/** The one schema of the stack's log lines. Further fields are allowed. */
const logLineSchema = z.object({
  timestamp: z.iso.datetime({ offset: true }),
  service: z.string().min(1),
  level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']),
  message: z.string(),
  context: z.record(z.string(), z.unknown()),
  correlation_id: z.string().optional(),
});

/** What the records of each declared service look like from outside; of several replicas, all together. */
export async function observeTelemetry(
  context: Pick<Context, 'http' | 'interrupted'>,
  stack: Stack,
): Promise<ServiceTelemetry[]> {
  return Promise.all(
    stack.services.map(async (service) => {
      const instances = instancesOf(service);
      const [logLines, healthDetails, metrics] = await Promise.all([
        Promise.all(instances.map(({ name }) => readLogTail(stack.root, name, LOG_LINES))),
        Promise.all(instances.map((instance) => healthOf(context, instance))),
        Promise.all(instances.map((instance) => metricsOf(context, instance))),
      ]);
      return {
        service: service.name,
        logLines: judgeLogLines(logLines.flat()),
        healthDetails: weakest(healthDetails),
        metrics: weakest(metrics),
      };
    }),
  );
}

/** How many of the lines parse in the schema, and the first that does not. */
export function judgeLogLines(lines: readonly string[]): ServiceTelemetry['logLines'] {
  const broken = lines.filter((line) => !isWellFormed(line));
  const [firstBroken] = broken;
  return {
    read: lines.length,
    wellFormed: lines.length - broken.length,
    ...(firstBroken === undefined ? {} : { firstBroken }),
  };
}

function isWellFormed(line: string): boolean {
  try {
    return logLineSchema.safeParse(JSON.parse(line)).success;
  } catch {
    return false;
  }
}

async function healthOf(
  context: Pick<Context, 'http' | 'interrupted'>,
  { service, port }: Instance,
): Promise<ServiceTelemetry['healthDetails']> {
  return ask(context, `http://127.0.0.1:${port}${service.health}`, (body) => {
    const checks = checksOf(body);
    return { checks, problem: checks === 0 ? `${service.health} has no object "checks" with a member` : '' };
  });
}

function checksOf(body: string): number {
  try {
    const { checks } = z.object({ checks: z.record(z.string(), z.unknown()) }).parse(JSON.parse(body));
    return Object.keys(checks).length;
  } catch {
    return 0;
  }
}

async function metricsOf(
  context: Pick<Context, 'http' | 'interrupted'>,
  { service, port }: Instance,
): Promise<ServiceTelemetry['metrics']> {
  return ask(context, `http://127.0.0.1:${port}${service.metrics}`, (body, status) => {
    if (status !== 200) return { families: 0, problem: `${service.metrics} answers ${status}` };
    try {
      const families = metricFamilies(body).size;
      return { families, problem: families === 0 ? `${service.metrics} holds no sample` : '' };
    } catch (error) {
      return { families: 0, problem: `${service.metrics}: ${messageOf(error)}` };
    }
  });
}

/** A service that does not answer was not measured; what it answers is judged. */
async function ask<Value>(
  { http, interrupted }: Pick<Context, 'http' | 'interrupted'>,
  url: string,
  judge: (body: string, status: number) => Value,
): Promise<Measured<Value>> {
  try {
    const { body, status } = await http(url, { timeoutMs: DEADLINE_MS, signal: interrupted });
    return { measured: true, value: judge(body, status) };
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
