import type { DiscoveredService, Snapshot } from '../../model/observation.ts';
import { type Check, failed, notMeasured, passed } from '../check.ts';
import { remedyFor } from '../remedy.ts';

/** Each declared service, all replicas of it, is found listening and answers its health document as itself. */
export const serviceFound: Check = {
  component: 'discovery',
  severity: 'major',
  about:
    'Each declared service is found by discovery: every replica listens at its port, answers its health document as itself, and is the process that qbtc runs.',
  nothingDeclared: 'the stack declares no service',
  examine: (snapshot, stack) =>
    stack.services.map(({ name }) => {
      if (!snapshot.discovered.measured) return notMeasured(name, snapshot.discovered.reason);
      const instances = snapshot.discovered.value.filter((instance) => instance.name === name);
      const missing =
        instances.find((instance) => instance.problem !== '') ??
        instances.map((instance) => strangerIn(snapshot, instance)).find((problem) => problem !== undefined);
      if (instances.length > 0 && !missing) {
        const ports = instances.map((instance) => instance.port).join(', ');
        return passed(name, `found on port ${ports}, answers as itself`);
      }
      const why = missing?.problem ?? 'no source has seen it';
      return failed(name, why, { why, ...remedyFor(snapshot, stack, name) });
    }),
};

/**
 * The copy of another stack answers with the same name: it is ours only if it is the process that we run. The port of a
 * container is held by the engine's proxy; that a running container of ours publishes it is what `active` says.
 */
function strangerIn(snapshot: Snapshot, { port, pid }: DiscoveredService): { problem: string } | undefined {
  const ours = snapshot.resources.find(({ kind, ports }) => kind === 'service' && ports.includes(port));
  if (ours?.provider === 'docker' && ours.state === 'active') return undefined;
  if (ours === undefined || (ours.pid !== undefined && (pid === undefined || pid === ours.pid)))
    return undefined;
  const holder = pid === undefined ? 'a process' : `pid ${pid}`;
  return { problem: `port ${port} is held by ${holder}, which is not of this stack` };
}
