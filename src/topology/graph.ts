import type { Binding, Topology } from '../model/topology.ts';
import { queuesOf } from './reach.ts';

/** What a service says and hears, for the graph. */
export interface Speaker {
  name: string;
  publishes: readonly string[];
  consumes: readonly string[];
}

/**
 * The topology as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html): services, exchanges and queues;
 * solid where messages go, dotted where dead letters go.
 *
 * @param exchange that the services publish to
 */
export function graphOf(topology: Topology, exchange: string, services: readonly Speaker[] = []): string {
  const ids = new Map<string, string>();
  const id = (kind: 's' | 'e' | 'q', name: string) => {
    const key = `${kind}:${name}`;
    const known = ids.get(key) ?? `${kind}${ids.size + 1}`;
    ids.set(key, known);
    return known;
  };
  const lines = ['flowchart LR'];
  for (const { name } of services) lines.push(`  ${id('s', name)}[${label(name)}]`);
  for (const { name, type } of topology.exchanges)
    lines.push(`  ${id('e', name)}{{${label(`${name}<br/>${type}`, true)}}}`);
  for (const { name, arguments: args } of topology.queues) {
    const type = String(args['x-queue-type'] ?? 'classic');
    const ttl = args['x-message-ttl'];
    const text = `${name}<br/>${type}${ttl === undefined ? '' : `, ${String(ttl)} ms`}`;
    lines.push(`  ${id('q', name)}[(${label(text, true)})]`);
  }
  const known = (kind: 'e' | 'q', name: string) => ids.has(`${kind}:${name}`);
  for (const { name, publishes, consumes } of services) {
    if (known('e', exchange))
      for (const key of new Set(publishes))
        lines.push(`  ${id('s', name)} -->|${label(key)}| ${id('e', exchange)}`);
    for (const queue of new Set(consumes.flatMap((each) => queuesOf(each, topology, exchange))))
      lines.push(`  ${id('q', queue)} --> ${id('s', name)}`);
  }
  for (const binding of topology.bindings) {
    const { source, destination, destination_type, routing_key } = binding;
    const end = destination_type === 'queue' ? ('q' as const) : ('e' as const);
    if (!known('e', source)) lines.push(`  ${id('e', source)}{{${label(source)}}}`);
    lines.push(`  ${id('e', source)} -->${keyLabel(binding, routing_key)} ${id(end, destination)}`);
  }
  for (const { name, arguments: args } of topology.queues) {
    const exchange = args['x-dead-letter-exchange'];
    const key = args['x-dead-letter-routing-key'];
    if (typeof exchange !== 'string') continue;
    const queue = exchange === '' ? String(key ?? name) : undefined;
    if (queue !== undefined && known('q', queue)) lines.push(`  ${id('q', name)} -.-> ${id('q', queue)}`);
    else if (known('e', exchange)) lines.push(`  ${id('q', name)} -.-> ${id('e', exchange)}`);
  }
  for (const { name, arguments: args } of topology.exchanges) {
    const alternate = args['alternate-exchange'];
    if (typeof alternate === 'string' && known('e', alternate))
      lines.push(`  ${id('e', name)} -.->|otherwise| ${id('e', alternate)}`);
  }
  return `${lines.join('\n')}\n`;
}

function keyLabel({ arguments: args }: Binding, routingKey: string): string {
  const text = Object.keys(args).length > 0 ? JSON.stringify(args) : routingKey;
  return text === '' ? '' : `|${label(text)}|`;
}

/** Between quotes everything is text, but for a quote; `#` begins an entity. */
function label(text: string, markup = false): string {
  const safe = text.replace(/#/g, '#35;').replace(/"/g, '#quot;');
  const plain = markup ? safe : safe.replace(/</g, '#lt;');
  return `"${plain}"`;
}
