import type { TopologyCheck } from '../check.ts';
import { deadLetterExchanges } from '../queue-settings.ts';

/** Dead letters that nobody keeps. */
export const deadLettersLost: TopologyCheck = {
  code: 'dead-letters-lost',
  severity: 'error',
  examine(topology) {
    const leadsOn = new Set(topology.bindings.map(({ source }) => source));
    return [...deadLetterExchanges(topology)]
      .filter((exchange) => exchange !== '' && !leadsOn.has(exchange))
      .map((exchange) => ({
        subject: `exchange ${exchange}`,
        message: 'dead letters go to it, and no queue is bound to it: they are dropped without a word',
        fix: `bind a queue to ${exchange} with the routing key "#"`,
      }));
  },
};
