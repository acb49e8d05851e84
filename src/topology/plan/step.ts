import type { Binding, BrokerAccount, Exchange, Policy, Queue, VhostLimits } from '../../model/topology.ts';
import type { Step } from '../../reconcile/step.ts';
import type { ObservedBinding } from '../observed.ts';

/** What a step declares or takes away. */
export type TopologyTarget =
  | { kind: 'vhost' }
  | { kind: 'limit'; name: keyof VhostLimits; value: number | undefined }
  | { kind: 'exchange'; exchange: Exchange }
  | { kind: 'queue'; queue: Queue }
  | { kind: 'binding'; binding: Binding }
  | { kind: 'policy'; policy: Policy }
  | { kind: 'account'; account: BrokerAccount }
  /** `unlessUsed`: the broker itself refuses when the queue holds messages or has consumers. */
  | { kind: 'queue-gone'; name: string; unlessUsed: boolean }
  | { kind: 'exchange-gone'; name: string }
  | { kind: 'binding-gone'; binding: ObservedBinding }
  | { kind: 'policy-gone'; name: string };

export type TopologyStep = Step<TopologyTarget>;

/** How a change is made, the label of each: at once, by a policy over what is there, or not without moving messages. */
export const IN_PLACE = 'in place';
export const THROUGH_POLICY = 'through a policy';
export const NEEDS_MIGRATION = 'needs migration';

export const VHOST_STEP = 'vhost';

export function exchangeStep(name: string): string {
  return `exchange/${name}`;
}

export function queueStep(name: string): string {
  return `queue/${name}`;
}
