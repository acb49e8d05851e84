import { type Check, failed, notMeasured, passed } from '../check.ts';
import { remedyFor } from '../remedy.ts';

/** Each declared service, all replicas of it, is found listening and answers its health document. */
export const serviceFound: Check = {
  component: 'discovery',
  severity: 'major',
  about:
    'Each declared service is found by discovery: every replica listens at its port, is ready in the way that `health` names, and is the process that qbtc runs, or one that this has started. Where that cannot be seen its health document must give its name. One without a port has to run.',
  foreign:
    'The same: whose process listens at the declared port is seen from outside, so nothing has to be written for it.',
  declare: '`services` of qbtc.yaml',
  nothingDeclared: 'the stack declares no service',
  examine: (snapshot, stack) =>
    stack.services.map(({ name }) => {
      if (!snapshot.discovered.measured) return notMeasured(name, snapshot.discovered.reason);
      const instances = snapshot.discovered.value.filter((instance) => instance.name === name);
      const missing = instances.find((instance) => instance.problem !== '');
      if (instances.length > 0 && !missing) {
        const ports = instances.flatMap(({ port }) => port ?? []).join(', ');
        return passed(name, ports === '' ? 'runs' : `found on port ${ports}, answers as itself`);
      }
      const why = missing?.problem ?? 'no source has seen it';
      return failed(name, why, { why, ...remedyFor(snapshot, stack, name) });
    }),
};
