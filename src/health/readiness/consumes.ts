import { type ReadinessProbe, unready } from '../readiness.ts';

/** The broker has a consumer of the queue; of several replicas one is enough, as they are not told apart there. */
export const consumes: ReadinessProbe<'consumes'> = {
  async ask(context, { queue }, { name, runs, broker, timeoutMs }) {
    if (runs === undefined) return unready('it does not run');
    if (broker === undefined) return unready('no broker is declared that it could consume from');
    const connection = await context.amqp(broker, { timeoutMs, name: `qbtc, readiness of ${name}` });
    try {
      const found = await connection.inspectQueue(queue);
      if (found === undefined) return unready(`there is no queue ${queue}`);
      return found.consumers === 0
        ? unready(`nobody consumes from ${queue}`)
        : { ready: true, found: { queue, consumers: found.consumers } };
    } finally {
      await connection.close().catch(() => {});
    }
  },
};
