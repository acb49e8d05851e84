import type { GraphEdge, GraphNode, StackGraph } from '../../../model/graph.ts';

const SHAPES: Record<GraphNode['kind'], string> = {
  route: 'oval',
  service: 'box',
  resource: 'box3d',
  exchange: 'hexagon',
  queue: 'cylinder',
};
const DASHED: readonly GraphEdge['kind'][] = ['needs', 'dead-letters'];

/** The language of Graphviz (https://graphviz.org/doc/info/lang.html). */
export function dot({ stack, nodes, edges }: StackGraph): string[] {
  return [
    `digraph ${quoted(stack)} {`,
    '  rankdir=LR;',
    ...nodes.map(({ id, kind, name, about }) => {
      const label = about === '' ? name : `${name}\n${about}`;
      return `  ${quoted(id)} [shape=${SHAPES[kind]}, label=${quoted(label)}];`;
    }),
    ...edges.map(({ from, to, kind, label }) => {
      const attributes = [
        ...(label === '' ? [] : [`label=${quoted(label)}`]),
        ...(DASHED.includes(kind) ? ['style=dashed'] : []),
      ];
      const told = attributes.length === 0 ? '' : ` [${attributes.join(', ')}]`;
      return `  ${quoted(from)} -> ${quoted(to)}${told};`;
    }),
    '}',
  ];
}

/** A quoted ID; its backslashes stand for themselves in names, and `\n` breaks a label. */
function quoted(text: string): string {
  return `"${text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`;
}
