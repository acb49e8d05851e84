import type { GraphFormat, StackGraph } from '../../../model/graph.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { dot } from './dot.ts';
import { mermaid } from './mermaid.ts';
import { graphText } from './text.ts';

/** What a stack is made of. */
export interface GraphDocument extends StackGraph {
  kind: 'graph';
  format: GraphFormat;
}

const graph: View<GraphDocument> = (document, style) => {
  switch (document.format) {
    case 'mermaid':
      return mermaid(document);
    case 'dot':
      return dot(document);
    case 'text':
      return graphText(document, style);
  }
};

export const form: DocumentForm<GraphDocument> = {
  terminal: graph,
  verbatim: true,
  json: ({ stack, nodes, edges }) => ({ stack, nodes, edges }),
};
