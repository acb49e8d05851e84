import { type ReadinessProbe, unready } from '../readiness.ts';

/** It has written a line that the pattern matches. What was ready once stays so while it runs: logs are cut. */
export const log: ReadinessProbe<'log'> = {
  async ask(_, { pattern }, { runs, wasReady, lines }) {
    if (runs === undefined) return unready('it does not run');
    if (wasReady) return { ready: true, found: { log: pattern } };
    const expression = new RegExp(pattern, 'u');
    const line = (await lines()).find((each) => expression.test(each));
    return line === undefined
      ? unready(`it has written no line that matches ${pattern}`)
      : { ready: true, found: { log: line } };
  },
};
