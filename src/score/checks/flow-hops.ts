import type { FlowResult } from '../../model/flow.ts';
import { type Check, failed, notMeasured, passed } from '../check.ts';
import { commandFor } from '../remedy.ts';

/** Each hop of each flow was seen. */
export const flowHops: Check = {
  component: 'connectivity',
  nothingDeclared: 'the stack has no flow',
  examine: (snapshot, stack) => {
    const { flows } = snapshot;
    if (!flows.measured) return stack.flowFiles.length === 0 ? [] : [notMeasured('flows', flows.reason)];
    return flows.value.flatMap((flow) =>
      flow.hops.map((hop, index) => {
        const subject = `${flow.name} hop ${index + 1}, ${hop.subject}`;
        if (hop.status === 'passed') return passed(subject, hop.name);
        const culprit = flow.stoppedAt?.subject ?? hop.subject;
        return failed(subject, `${hop.name}: ${hop.evidence}`, {
          why: whyOf(flow, index),
          command: commandFor(snapshot, culprit),
        });
      }),
    );
  },
};

/** The hop at which the flow stopped has the reason; those behind it were starved by it. */
function whyOf({ stoppedAt, hops }: FlowResult, index: number): string {
  if (!stoppedAt) return hops[index]?.evidence ?? '';
  return stoppedAt.hop === index + 1
    ? stoppedAt.reason
    : `the flow stopped at hop ${stoppedAt.hop}, ${stoppedAt.subject}`;
}
