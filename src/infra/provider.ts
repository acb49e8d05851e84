import type { Context } from '../context.ts';
import type { ProviderName, Resource } from '../model/resource.ts';
import type { Stack } from '../model/stack.ts';
import type { ProcessSpec } from './supervision/protocol.ts';

/** What a provider can do for a resource on this machine, and what is lost by choosing it (empty: nothing). */
export type Offer = { available: true; reason: string; loss: string } | { available: false; reason: string };

/**
 * Provides resources in one way. A provider that runs nothing itself (what it offers runs already, and is not
 * ours to stop) has no `prepare`.
 */
export interface Provider {
  readonly name: ProviderName;
  /** Looks and judges; changes nothing. */
  offer(context: Context, stack: Stack, resource: Resource): Promise<Offer>;
  /** Makes ready what the process needs (its data folder), and says how to run it. */
  prepare?(context: Context, stack: Stack, resource: Resource): Promise<ProcessSpec>;
}
