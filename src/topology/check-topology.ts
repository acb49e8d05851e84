import type { Finding } from '../model/finding.ts';
import type { Stack } from '../model/stack.ts';
import type { Topology } from '../model/topology.ts';
import type { TopologyCheck } from './check.ts';
import { deadLettersLost } from './checks/dead-letters-lost.ts';
import { endlessRetry } from './checks/endless-retry.ts';
import { noDeadLetters } from './checks/no-dead-letters.ts';
import { noDeliveryLimit } from './checks/no-delivery-limit.ts';
import { policyWithoutEffect } from './checks/policy-without-effect.ts';
import { singleCopy } from './checks/single-copy.ts';
import { unboundQueue } from './checks/unbound-queue.ts';
import { unconsumedQueue } from './checks/unconsumed-queue.ts';
import { unheardKey } from './checks/unheard-key.ts';

/** Every check, in the order of their findings. */
export const CHECKS: readonly TopologyCheck[] = [
  unheardKey,
  unconsumedQueue,
  unboundQueue,
  deadLettersLost,
  noDeadLetters,
  endlessRetry,
  singleCopy,
  noDeliveryLimit,
  policyWithoutEffect,
];

/** What is wrong with the topology although the broker would take it. */
export function checkTopology(topology: Topology, stack: Pick<Stack, 'services' | 'events'>): Finding[] {
  return CHECKS.flatMap(({ code, severity, examine }) =>
    examine(topology, stack).map((problem) => ({ code, severity, ...problem })),
  );
}
