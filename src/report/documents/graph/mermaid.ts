import type { GraphEdge, GraphNode, StackGraph } from '../../../model/graph.ts';

const SHAPES: Record<GraphNode['kind'], readonly [string, string]> = {
  route: ['([', '])'],
  service: ['[', ']'],
  resource: ['[[', ']]'],
  exchange: ['{{', '}}'],
  queue: ['[(', ')]'],
};
const DOTTED: readonly GraphEdge['kind'][] = ['needs', 'dead-letters'];

/** A flowchart of Mermaid (https://mermaid.js.org/syntax/flowchart.html). */
export function mermaid({ nodes, edges }: StackGraph): string[] {
  const ids = new Map(nodes.map(({ id }, index) => [id, `n${index + 1}`]));
  return [
    'flowchart LR',
    ...nodes.map(({ id, kind, name, about }) => {
      const [open, close] = SHAPES[kind];
      const label = [name, about]
        .filter((each) => each !== '')
        .map(safe)
        .join('<br/>');
      return `  ${ids.get(id)}${open}"${label}"${close}`;
    }),
    ...edges.map(({ from, to, kind, label }) => {
      const arrow = DOTTED.includes(kind) ? '-.->' : '-->';
      const text = label === '' ? '' : `|"${safe(label)}"|`;
      return `  ${ids.get(from)} ${arrow}${text} ${ids.get(to)}`;
    }),
  ];
}

/** Between quotes everything is text but a quote and markup; `#` begins an entity. */
function safe(text: string): string {
  return text.replace(/#/g, '#35;').replace(/"/g, '#quot;').replace(/</g, '#lt;').replace(/\s+/g, ' ');
}
