import type { FlowResult } from '../../model/flow.ts';
import type { Snapshot } from '../../model/observation.ts';
import type { Stack } from '../../model/stack.ts';
import { resourceOfKind } from '../../resources/facts.ts';
import { type Check, failed, notMeasured, passed } from '../check.ts';
import {
  pathIn,
  type Remedy,
  remedyFor,
  remedyForPath,
  remedyForRoutes,
  remedyForTopology,
} from '../remedy.ts';

/** Each hop of each flow was seen. */
export const flowHops: Check = {
  component: 'connectivity',
  severity: 'critical',
  about:
    'Each hop of each flow tagged `smoke` was seen, under one correlation id: gateway, services, events at the broker, rows in the database.',
  foreign:
    'The same, for the flows that it declares: whoever writes one says what is to be seen. Without any the component is out of the total.',
  declare: '`flows` of qbtc.yaml: files with end-to-end tests',
  share: 4,
  nothingDeclared: 'the stack has no flow',
  examine: (snapshot, stack) => {
    const { flows } = snapshot;
    if (!flows.measured) return stack.flowFiles.length === 0 ? [] : [notMeasured('flows', flows.reason)];
    return flows.value.flatMap((flow) =>
      flow.hops.map((hop, index) => {
        const subject = hopSubject(flow, index);
        if (hop.status === 'passed') return passed(subject, hop.name);
        const culprit = flow.stoppedAt?.subject ?? hop.subject;
        return failed(subject, `${hop.name}: ${hop.evidence}`, {
          why: whyOf(flow, index),
          ...remedyForHop(snapshot, stack, culprit, flow.file),
        });
      }),
    );
  },
};

/** How a hop of a flow is called, as the subject of a check. */
export function hopSubject({ name, hops }: Pick<FlowResult, 'name' | 'hops'>, index: number): string {
  return `${name} hop ${index + 1}, ${hops[index]?.subject}`;
}

/** A culprit that is well in itself may lack a route or a queue. */
function remedyForHop(snapshot: Snapshot, stack: Stack, culprit: string, flowFile: string): Remedy {
  const unwell = remedyForPath(snapshot, stack, culprit);
  if (unwell !== undefined) return unwell;
  const isGateway = resourceOfKind(stack, 'apisix', culprit) !== undefined;
  const drift = isGateway ? remedyForRoutes(snapshot, stack) : remedyForTopology(snapshot, stack);
  const isService = stack.services.some(({ name }) => name === culprit);
  return drift ?? remedyFor(snapshot, stack, culprit, isService ? undefined : pathIn(stack, flowFile));
}

/** The hop at which the flow stopped has the reason; those behind it were starved by it. */
function whyOf({ stoppedAt, hops }: FlowResult, index: number): string {
  if (!stoppedAt) return hops[index]?.evidence ?? '';
  return stoppedAt.hop === index + 1
    ? stoppedAt.reason
    : `the flow stopped at hop ${stoppedAt.hop}, ${stoppedAt.subject}`;
}
