/** What a stack is made of, and what leads where. */
export interface StackGraph {
  stack: string;
  nodes: GraphNode[];
  edges: GraphEdge[];
}

export interface GraphNode {
  /** Unique in the graph: `service:llm-api`. */
  id: string;
  kind: 'route' | 'service' | 'resource' | 'exchange' | 'queue';
  name: string;
  /** `POST`, `postgres`, `topic`, `quorum`; empty where there is nothing to say. */
  about: string;
}

/**
 * `leads`: requests go there. `needs`: must be ready first. `publishes`: says events. `delivers`: messages go there.
 * `dead-letters`: what nobody wanted does.
 */
export interface GraphEdge {
  from: string;
  to: string;
  kind: 'leads' | 'needs' | 'publishes' | 'delivers' | 'dead-letters';
  /** A routing key; empty where there is none. */
  label: string;
}

export const GRAPH_FORMATS = ['text', 'mermaid', 'dot'] as const;
export type GraphFormat = (typeof GRAPH_FORMATS)[number];
