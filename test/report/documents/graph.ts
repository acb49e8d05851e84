import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'graph'> = {
  kind: 'graph',
  format: 'text',
  stack: 'acme',
  nodes: [
    { id: 'route:llm-chat', kind: 'route', name: '/v1/chat/completions', about: 'POST' },
    { id: 'service:llm-api', kind: 'service', name: 'llm-api', about: ':8000 ×2' },
    { id: 'service:quantum-core', kind: 'service', name: 'quantum-core', about: '' },
    { id: 'resource:broker', kind: 'resource', name: 'broker', about: 'rabbitmq' },
    { id: 'exchange:qbtc.topic', kind: 'exchange', name: 'qbtc.topic', about: 'topic' },
    { id: 'queue:q_llm', kind: 'queue', name: 'q_llm', about: 'quorum' },
    { id: 'queue:q_dead_letters', kind: 'queue', name: 'q_dead_letters', about: 'quorum' },
  ],
  edges: [
    { from: 'route:llm-chat', to: 'service:llm-api', kind: 'leads', label: '' },
    { from: 'service:llm-api', to: 'resource:broker', kind: 'needs', label: '' },
    { from: 'service:llm-api', to: 'exchange:qbtc.topic', kind: 'publishes', label: 'llm.#' },
    { from: 'exchange:qbtc.topic', to: 'queue:q_llm', kind: 'delivers', label: 'llm.#' },
    { from: 'queue:q_llm', to: 'service:quantum-core', kind: 'delivers', label: '' },
    { from: 'queue:q_llm', to: 'queue:q_dead_letters', kind: 'dead-letters', label: '' },
  ],
};
