import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'replayed'> = {
  kind: 'replayed',
  stack: 'acme',
  from: 'q_dead_letters',
  letters: [
    {
      index: 0,
      type: 'llm_request',
      id: 'e-1',
      correlationId: 'c-1',
      reason: 'not a valid llm_request',
      origin: { queue: 'q_llm_requests', exchange: 'qbtc.topic', routingKey: 'llm.request' },
      replays: 0,
      status: 'replayed',
    },
    {
      index: 1,
      reason: 'the broker: delivery_limit',
      origin: { exchange: 'qbtc.topic', routingKey: 'llm.request' },
      replays: 1,
      status: 'kept',
      note: 'its type is not known',
    },
  ],
};
