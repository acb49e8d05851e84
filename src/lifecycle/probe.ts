import type { Context } from '../context.ts';
import { messageOf, QbtcError } from '../errors.ts';
import { belongsTo } from '../health/family.ts';
import { askHealth } from '../health/index.ts';
import { openLogs } from '../logs/index.ts';
import type { Seen } from '../model/adoption.ts';
import type { Service, Stack } from '../model/stack.ts';
import { isSupervised, observeRunning } from '../placement/index.ts';
import { down } from './down.ts';
import { up } from './up.ts';

export interface ProbeOptions {
  /** How long each service may take until it listens; one that is not said to listen has a third of it. */
  timeoutMs: number;
}

/** Where frameworks and people put what says that all is well, the more telling first. */
const HEALTH_PATHS = [
  '/health',
  '/healthz',
  '/health/ready',
  '/readyz',
  '/actuator/health',
  '/healthcheck',
  '/api/health',
  '/status',
  '/ping',
];
/** What no service has. */
const NO_PATH = '/is-there-anything-that-you-do-not-answer';
const METRICS_PATHS = ['/metrics', '/actuator/prometheus'];
/** A line of the Prometheus text format that a page of something else does not have. */
const METRICS = /^# (HELP|TYPE) \S/m;
const PROCESS = { kind: 'process' } as const;
const LOOK_MS = 200;
const ASK_MS = 2_000;
/** What listens is all there when nothing has come to it in this many looks. */
const SETTLED_LOOKS = 3;

/**
 * Starts each service once with all that it depends on, sees what it does, and ends all of it again. Neither the stack nor
 * its data are changed. A service that does not stay is seen, too: with the reason why.
 *
 * @throws QbtcError `STACK_RUNS` where some of the stack runs already: it would be ended
 */
export async function probe(context: Context, stack: Stack, options: ProbeOptions): Promise<Seen[]> {
  const { processes, containers } = await observeRunning(context, stack.root);
  const running = [...processes.filter(isSupervised), ...containers].map(({ name }) => name);
  if (running.length > 0)
    throw new QbtcError('STACK_RUNS', `${running.join(', ')} run already: a probe ends what it starts`, {
      hint: 'qbtc down',
    });
  // Whether they are ready is what is to be found out.
  const unasked = stack.services.map((service) => ({ ...service, health: PROCESS, replicas: 1 }));
  const relaxed: Stack = { ...stack, services: unasked };
  const seen: Seen[] = [];
  try {
    for (const service of stack.services) {
      if (service.url !== undefined) continue;
      seen.push(await probeOne(context, relaxed, service, options));
    }
  } finally {
    await down(context, stack.root, { volumes: false });
  }
  return seen;
}

async function probeOne(
  context: Context,
  stack: Stack,
  { name, port }: Service,
  { timeoutMs }: ProbeOptions,
): Promise<Seen> {
  const { progress } = context.io;
  try {
    await up(context, stack, { apply: true, timeoutMs, only: [name], placement: {} });
    progress.step(name, 'being looked at');
    // Where nobody says that it listens at all, it is hardly waited for.
    const ports = await listensAt(context, stack, name, port === undefined ? timeoutMs / 3 : timeoutMs);
    const asked = await ask(context, ports);
    const form = await formOfLogs(context, stack, name);
    progress.done(name, ports.length === 0 ? 'listens nowhere' : `listens at ${ports.join(', ')}`);
    return { service: name, ports, ...asked, ...(form === undefined ? {} : { logs: form }) };
  } catch (error) {
    context.interrupted.throwIfAborted();
    const ended = messageOf(error);
    progress.failed(name, ended);
    return { service: name, ports: [], ended };
  }
}

/** The ports of its processes, once no more come; none when there is none in time. */
async function listensAt(
  context: Context,
  stack: Stack,
  service: string,
  timeoutMs: number,
): Promise<number[]> {
  const { clock, host, interrupted } = context;
  const until = clock.monotonic() + timeoutMs;
  let before: number[] = [];
  for (let same = 0; clock.monotonic() < until; ) {
    const { processes } = await observeRunning(context, stack.root);
    const own = processes.find(({ name }) => name === service);
    if (own === undefined || (own.pid === undefined && own.state !== 'starting'))
      throw new QbtcError('ENDED', own?.reason ?? 'it ended');
    const ports = own.pid === undefined ? [] : await portsOf(host, own.pid);
    same = ports.length > 0 && ports.join() === before.join() ? same + 1 : 0;
    before = ports;
    if (same >= SETTLED_LOOKS) break;
    await clock.sleep(LOOK_MS, interrupted);
  }
  return before;
}

async function portsOf(host: Context['host'], leader: number): Promise<number[]> {
  const found = new Set<number>();
  for (const { pid, port } of await host.listeningSockets())
    if (pid !== undefined && (await belongsTo(host, pid, leader))) found.add(port);
  return [...found].sort((a, b) => a - b);
}

/** What speaks HTTP there, and where it says that it is well. The first port that answers is the one. */
async function ask(context: Context, ports: readonly number[]): Promise<Pick<Seen, 'http'>> {
  for (const port of ports) {
    const url = (path: string) => `http://127.0.0.1:${port}${path}`;
    const top = await askHealth(context, url('/'), ASK_MS);
    if (top.status === undefined) continue;
    // Who answers whatever is asked says nothing by it.
    const { status: any = 0 } = await askHealth(context, url(NO_PATH), ASK_MS);
    const paths = any >= 200 && any <= 299 ? [] : HEALTH_PATHS;
    let health: string | undefined;
    for (const path of paths) {
      const { status, isPage } = await askHealth(context, url(path), ASK_MS);
      if (status === undefined || status < 200 || status > 299 || isPage) continue;
      health = path;
      break;
    }
    let metrics: string | undefined;
    for (const path of METRICS_PATHS) {
      const answer = await context
        .http(url(path), { timeoutMs: ASK_MS, maxBytes: 4_194_304, signal: context.interrupted })
        .catch(() => undefined);
      if (answer?.status === 200 && METRICS.test(answer.body)) metrics ??= path;
    }
    return {
      http: {
        port,
        top: top.status,
        ...(health === undefined ? {} : { health }),
        ...(metrics === undefined ? {} : { metrics }),
      },
    };
  }
  return {};
}

async function formOfLogs(context: Context, stack: Stack, service: string): Promise<string | undefined> {
  const logs = await openLogs(context, stack);
  const lines = await logs.ofThisStart([service], 200);
  return lines.find(({ form }) => form !== undefined)?.form;
}
