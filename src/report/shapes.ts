import type { FoundService } from '../model/discovery.ts';
import type { FlowResult } from '../model/flow.ts';

// Pieces that several JSON documents have in common.

/** What is not known is told as `null`. */
export function foundService({ route, instances, ...service }: FoundService): unknown {
  return {
    ...service,
    route: route ?? null,
    instances: instances.map(({ address, pid, container, version, ...instance }) => ({
      ...instance,
      address: address ?? null,
      pid: pid ?? null,
      container: container ?? null,
      version: version ?? null,
    })),
  };
}

/** Its log lines as they were written. */
export function flowResult({ stoppedAt, ...flow }: FlowResult): unknown {
  if (stoppedAt === undefined) return flow;
  return { ...flow, stoppedAt: { ...stoppedAt, logLines: stoppedAt.logLines.map(({ raw }) => raw) } };
}
