import { runFlows, type Subjects } from '../../src/flow/index.ts';
import { readLog } from '../support/log-lines.ts';
import { chain } from './chain.ts';

/** They know nothing, and always answer. */
export const subjects: Subjects = {
  readLog: async () => [],
  linesAbout: async () => [],
  answers: async () => true,
};
export const hop = '{ subject: gateway, proves: it works }';

/** Runs a flow of a request that is answered with JSON, and these steps behind it. */
export async function run(steps: string, log: (correlationId: string) => string[] = () => []) {
  let id = '';
  const { context, stack } = await chain({
    flow: `name: one\ntimeout: 20s\nsteps:\n  - kind: http\n    hop: ${hop}\n    request: { url: "\${gateway.url}/", headers: { x-correlation-id: "\${correlation_id}" } }\n${steps}`,
    behaviour({ response, correlationId }) {
      id = correlationId;
      response.setHeader('content-type', 'application/json').end('{"name":"shop"}');
    },
  });
  const [result] = await runFlows(context, stack, {
    subjects: { ...subjects, readLog: async (subject) => readLog(subject, log(id)) },
  });
  return result;
}
/** The hop of the last step. */
export const last = (result: Awaited<ReturnType<typeof run>>) => result?.hops.at(-1);
/** A step with these lines in it. */
export const step = (kind: string, lines: string[]) =>
  [`  - kind: ${kind}`, `    hop: ${hop}`, ...lines.map((line) => `    ${line}`)].join('\n');
