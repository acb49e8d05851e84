import type { GraphEdge, GraphNode, StackGraph } from '../../../model/graph.ts';
import type { Style } from '../../document-form.ts';
import { type Cell, table } from '../../layout.ts';
import { counted } from '../../terminal/view.ts';

const COUNTED: readonly GraphNode['kind'][] = ['service', 'resource', 'route', 'queue'];

/** Each service with what leads to it and where it leads; then the queues that no service takes from. */
export function graphText({ stack, nodes, edges }: StackGraph, { palette, width }: Style): string[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const nameOf = (id: string) => byId.get(id)?.name ?? id;
  const of = (kind: GraphNode['kind']) => nodes.filter((node) => node.kind === kind);
  const from = (id: string, kind: GraphEdge['kind']) =>
    edges.filter((edge) => edge.from === id && edge.kind === kind);
  const to = (id: string, kind: GraphEdge['kind']) =>
    edges.filter((edge) => edge.to === id && edge.kind === kind);
  const rows = (cells: (readonly [string, string])[]) =>
    table(
      cells.map(([verb, text]): Cell[] => [{ text: verb, paint: palette.faint }, { text }]),
      { indent: 4, width },
    );
  const keyed = (name: string, label: string) => (label === '' ? name : `${label} (${name})`);
  const routes = (id: string) =>
    to(id, 'leads').map((edge) => {
      const { name = '', about = '' } = byId.get(edge.from) ?? {};
      return ['routes', [about, name].filter((each) => each !== '').join(' ')] as const;
    });
  const service = ({ id, name, about }: GraphNode) => [
    '',
    `  ${palette.strong(name)}${about === '' ? '' : palette.faint(`  ${about}`)}`,
    ...rows([
      ...routes(id),
      ...from(id, 'publishes').map(
        ({ label, to: exchange }) => ['publishes', `${label} → ${nameOf(exchange)}`] as const,
      ),
      ...to(id, 'delivers').map(
        ({ from: source, label }) => ['takes', `${keyed(nameOf(source), label)}${fedBy(source)}`] as const,
      ),
      ...list(
        'needs',
        from(id, 'needs').map((edge) => nameOf(edge.to)),
      ),
    ]),
  ];
  /** The keys that bring messages into a queue. */
  const fedBy = (id: string) => {
    const sources = to(id, 'delivers').map((edge) => keyed(nameOf(edge.from), edge.label));
    return sources.length === 0 ? '' : ` ← ${sources.join(', ')}`;
  };
  const free = of('queue').filter(({ id }) => from(id, 'delivers').length === 0);
  const unrouted = of('route').filter(({ id }) => from(id, 'leads').length === 0);
  return [
    `${palette.strong(stack)}  ${COUNTED.map((kind) => counted(of(kind).length, kind)).join(', ')}`,
    ...of('service').flatMap(service),
    ...section(
      'resources',
      of('resource').map(({ name, about }) => [name, about] as const),
    ),
    ...section(
      'routes that lead elsewhere',
      unrouted.map(({ name, about }) => [about || 'any', name] as const),
    ),
    ...section(
      'queues that no service takes from',
      free.map(({ id, name }) => [name, fedBy(id).trim()] as const),
    ),
  ];

  function section(title: string, cells: (readonly [string, string])[]): string[] {
    return cells.length === 0 ? [] : ['', `  ${title}`, ...rows(cells)];
  }
}

function list(verb: string, names: string[]): (readonly [string, string])[] {
  return names.length === 0 ? [] : [[verb, names.join(', ')]];
}
