import type { Context } from '../context.ts';
import { instancesOf, openLogs, probeService, probes } from '../infra/index.ts';
import type { Stack } from '../model/stack.ts';

const PROBE_TIMEOUT_MS = 2_000;

/** What a flow asks of the services and resources that its hops name, beside its own steps. */
export interface Subjects {
  /** The last log lines of a service (of all its replicas, in the order of time) or resource. */
  readLog(subject: string, lines: number): Promise<string[]>;
  /** Whether it answers for itself now: every replica its health document, a resource its protocol. */
  answers(subject: string): Promise<boolean>;
}

/** The subjects of a stack that runs here. */
export function subjectsOf(
  context: Pick<Context, 'http' | 'amqp' | 'sql' | 'redis' | 'clock' | 'docker'>,
  stack: Stack,
): Subjects {
  const { services, resources } = stack;
  const serviceOf = (subject: string) => services.find(({ name }) => name === subject);
  return {
    async readLog(subject, lines) {
      const service = serviceOf(subject);
      const names = service ? instancesOf(service).map(({ name }) => name) : [subject];
      const logs = await openLogs(context, stack);
      return (await logs.read(names, lines)).map(({ raw }) => raw);
    },
    async answers(subject) {
      const service = serviceOf(subject);
      const resource = resources.find(({ name }) => name === subject);
      const probing = service
        ? instancesOf(service).map((instance) => probeService(context, instance, PROBE_TIMEOUT_MS))
        : resource
          ? [probes[resource.kind](context, resource.endpoint, PROBE_TIMEOUT_MS)]
          : [];
      const results = await Promise.all(probing);
      return results.length > 0 && results.every(({ ready }) => ready);
    },
  };
}
