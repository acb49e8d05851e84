import type { Binding } from '../model/topology.ts';

/** What makes a binding this one and no other, readable: `qbtc.topic → q_llm_requests (llm.request)`. */
export function bindingName(binding: Binding): string {
  const { source, destination, destination_type, routing_key } = binding;
  const target = destination_type === 'exchange' ? `exchange ${destination}` : destination;
  const sorted = Object.entries(binding.arguments).sort(([a], [b]) => (a < b ? -1 : 1));
  const matched = sorted.length === 0 ? '' : ` ${JSON.stringify(Object.fromEntries(sorted))}`;
  return `${source} → ${target} (${routing_key})${matched}`;
}

/** The names of policies that qbtc makes itself, to change a queue that is there, begin so. */
export const GENERATED_POLICY = 'qbtc.queue.';

/** The waiting queue of a queue for one delay; its name is also its routing key at the retry exchange. */
export function retryQueueName(queue: string, delayMs: number): string {
  return `${queue}.retry.${delayMs}`;
}

/** How something of ours is written down in the ledger. */
export function ledgerName(kind: 'exchange' | 'queue' | 'binding' | 'policy', name: string): string {
  return `${kind}/${name}`;
}
