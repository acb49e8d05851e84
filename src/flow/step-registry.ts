import type { StepKind } from './step-kind.ts';
import { answer } from './steps/answer.ts';
import { consume } from './steps/consume.ts';
import { event } from './steps/event.ts';
import { exec } from './steps/exec.ts';
import { http } from './steps/http.ts';
import { log } from './steps/log.ts';
import { metric } from './steps/metric.ts';
import { publish } from './steps/publish.ts';
import { queue } from './steps/queue.ts';
import { redis } from './steps/redis.ts';
import { sql } from './steps/sql.ts';
import { trace } from './steps/trace.ts';
import { wait } from './steps/wait.ts';

/** The kinds of steps, by the `kind` that names each in a flow file. */
export const STEP_KIND_NAMES = [
  'http',
  'answer',
  'publish',
  'event',
  'consume',
  'queue',
  'sql',
  'redis',
  'log',
  'trace',
  'metric',
  'exec',
  'wait',
] as const;
export type StepKindName = (typeof STEP_KIND_NAMES)[number];

export const STEPS: Record<StepKindName, StepKind> = {
  http,
  answer,
  publish,
  event,
  consume,
  queue,
  sql,
  redis,
  log,
  trace,
  metric,
  exec,
  wait,
};
