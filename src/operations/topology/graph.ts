import { desiredOf, graphOf } from '../../topology/index.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: {},
  documents: ['text'],
  async run(_, stack) {
    const { topology } = await desiredOf(stack);
    const speakers = stack.services.flatMap(({ name, events }) =>
      events === undefined ? [] : [{ name, publishes: events.publishes, consumes: events.consumes }],
    );
    const text = graphOf(topology, stack.events.exchange, speakers);
    return { document: { kind: 'text', stack: stack.name, format: 'mermaid', text } };
  },
});
