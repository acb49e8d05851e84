import type { Context } from '../context.ts';
import type { ProviderName, Resource } from '../model/resource.ts';
import type { Stack } from '../model/stack.ts';
import type { ProcessSpec } from '../runtimes/processes/protocol.ts';

/** What a provider can do for a resource on this machine, and what is lost by choosing it (empty: nothing). */
export type Offer = { available: true; reason: string; loss: string } | { available: false; reason: string };

/**
 * Provides resources in one way. A provider that runs nothing itself (what it offers runs already, and is not
 * ours to stop) has neither `prepare` nor `composeService`.
 */
export interface Provider {
  readonly name: ProviderName;
  /** Looks and judges; changes nothing. */
  offer(context: Context, stack: Stack, resource: Resource): Promise<Offer>;
  /**
   * Makes ready what the resource needs (its data folder), and says which processes it is: the resource's own last,
   * before it those that it cannot do without, which are `partOf` it.
   */
  prepare?(context: Context, stack: Stack, resource: Resource): Promise<ProcessSpec[]>;
  /** The service of the stack's compose file that the resource is. */
  composeService?(resource: Resource): string;
}
