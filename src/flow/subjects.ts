import type { Context } from '../context.ts';
import { createLogFilter, openLogs } from '../logs/index.ts';
import type { LogLine } from '../model/log.ts';
import type { Stack } from '../model/stack.ts';
import type { RuntimesContext } from '../placement/runtimes.ts';
import { probeResource } from '../resources/index.ts';
import { instancesOf, probeService, runningInstances } from '../services/index.ts';
import { resourceRuns } from '../services/running.ts';

const PROBE_TIMEOUT_MS = 5_000;

/** Lines of each log that are looked through; several flows at the same time may have written meanwhile. */
const LOOKED_THROUGH = 2_000;
const GRAVE = new Set(['warn', 'error', 'fatal']);

/** One run of a flow: its id, and when it began, in milliseconds since the epoch. */
export interface FlowRun {
  correlationId: string;
  since: number;
}

/** What a flow asks of the services and resources that its hops name, beside its own steps. */
export interface Subjects {
  /** The last log lines of a service (of all its replicas, in the order of time) or resource. */
  readLog(subject: string, lines: number): Promise<LogLine[]>;
  /**
   * What the stack has logged about one run of a flow, in the order of time: every line of its correlation id by the
   * subject, warnings and errors of it by others, and what the subject has written since without an id, where that is a
   * warning, an error, or no log line at all (a crash).
   */
  linesAbout(subject: string, run: FlowRun, lines: number): Promise<LogLine[]>;
  /** Whether it answers for itself now: every replica its health document, a resource its protocol. */
  answers(subject: string): Promise<boolean>;
}

/** The subjects of a stack that runs here. */
export function subjectsOf(
  context: RuntimesContext & Pick<Context, 'http' | 'amqp' | 'sql' | 'redis' | 'tcp' | 'env' | 'interrupted'>,
  stack: Stack,
): Subjects {
  const { services, resources } = stack;
  const serviceOf = (subject: string) => services.find(({ name }) => name === subject);
  const writersOf = (subject: string) => {
    const service = serviceOf(subject);
    return service ? instancesOf(service).map(({ name }) => name) : [subject];
  };
  return {
    async linesAbout(subject, { correlationId, since }, lines) {
      const own = new Set(writersOf(subject));
      const others = [...services.flatMap(instancesOf), ...resources].map(({ name }) => name);
      const logs = await openLogs(context, stack);
      const read = await logs.ofThisStart([...new Set([...own, ...others])], LOOKED_THROUGH);
      const isCorrelated = createLogFilter({ correlationId });
      const isRecent = createLogFilter({ since });
      return read
        .filter((line) => {
          const correlated = isCorrelated(line);
          const recent = isRecent(line);
          const grave = GRAVE.has(line.level ?? '');
          if (!own.has(line.source)) return correlated && grave;
          return (
            correlated || (line.correlationId === undefined && recent && (grave || line.level === undefined))
          );
        })
        .slice(-lines);
    },
    async readLog(subject, lines) {
      const names = writersOf(subject);
      const logs = await openLogs(context, stack);
      return logs.read(names, lines);
    },
    async answers(subject) {
      const service = serviceOf(subject);
      const resource = resources.find(({ name }) => name === subject);
      const running = service === undefined ? [] : await runningInstances(context, stack);
      const probing = service
        ? instancesOf(service).map((instance) => {
            const { runs, isReady = false } = running.find(({ name }) => name === instance.name) ?? {};
            return probeService(context, stack, instance, {
              runs,
              wasReady: isReady,
              timeoutMs: PROBE_TIMEOUT_MS,
            });
          })
        : resource
          ? [
              probeResource(context, stack, resource, {
                runs: await resourceRuns(context, stack, resource),
                wasReady: true,
                timeoutMs: PROBE_TIMEOUT_MS,
              }),
            ]
          : [];
      const results = await Promise.all(probing);
      return results.length > 0 && results.every(({ ready }) => ready);
    },
  };
}
