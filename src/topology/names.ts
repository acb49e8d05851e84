import type { Binding } from '../model/topology.ts';

/** What makes a binding this one and no other, readable: `qbtc.topic → q_llm_requests (llm.request)`. */
export function bindingName(binding: Binding): string {
  const { source, destination, destination_type, routing_key } = binding;
  const target = destination_type === 'exchange' ? `exchange ${destination}` : destination;
  const sorted = Object.entries(binding.arguments).sort(([a], [b]) => (a < b ? -1 : 1));
  const matched = sorted.length === 0 ? '' : ` ${JSON.stringify(Object.fromEntries(sorted))}`;
  return `${source} → ${target} (${routing_key})${matched}`;
}
