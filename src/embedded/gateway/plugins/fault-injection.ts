import { compileExpression } from '../../../matching/expression.ts';
import type { Answer } from '../answer.ts';
import type { Exchange } from '../exchange.ts';
import type { Plugin } from '../plugin.ts';
import { pause } from '../plugin-support/pause.ts';
import { statusError } from '../plugin-support/status-error.ts';
import { template } from '../template.ts';
import { expressionError } from '../vars-check.ts';

/** Which requests are hit: any part of them, and those of them alone for which one of the expressions holds. */
interface Chosen {
  percentage?: number;
  vars?: unknown[][];
}

interface FaultInjection {
  abort?: Chosen & { http_status: number; body?: string; headers?: Record<string, string | number> };
  delay?: Chosen & { duration: number };
}

const chosen = {
  percentage: { type: 'integer', minimum: 0, maximum: 100 },
  vars: { type: 'array', maxItems: 20, items: { type: 'array' } },
};

/** Lets requests wait, or answers them in the upstream's place, to try how callers bear it. */
export const faultInjection: Plugin<FaultInjection> = {
  name: 'fault-injection',
  version: 0.1,
  priority: 11_000,
  schema: {
    type: 'object',
    properties: {
      abort: {
        type: 'object',
        properties: {
          http_status: { type: 'integer', minimum: 200 },
          body: { type: 'string', minLength: 0 },
          headers: {
            type: 'object',
            minProperties: 1,
            patternProperties: { '^[^:]+$': { oneOf: [{ type: 'string' }, { type: 'number' }] } },
          },
          ...chosen,
        },
        required: ['http_status'],
      },
      delay: {
        type: 'object',
        properties: { duration: { type: 'number', minimum: 0 }, ...chosen },
        required: ['duration'],
      },
    },
    minProperties: 1,
  },
  check({ abort, delay }) {
    for (const vars of [...(abort?.vars ?? []), ...(delay?.vars ?? [])]) {
      const error = expressionError(vars);
      if (error !== undefined) return error;
    }
    const status = statusError('http_status', abort?.http_status);
    return status && `property "abort" validation failed: ${status}`;
  },
  fieldsOf: ({ abort }) => Object.entries((abort as FaultInjection['abort'])?.headers ?? {}),
  compile({ abort, delay }, host) {
    const delays = choice(delay, host.random);
    const aborts = choice(abort, host.random);
    const answerOf = answered(abort);
    const end = (exchange: Exchange) => (aborts(exchange) ? answerOf(exchange) : undefined);
    return {
      rewrite(exchange) {
        const waiting = delays(exchange) ? pause(delay?.duration ?? 0) : undefined;
        return waiting === undefined ? end(exchange) : waiting.then(() => end(exchange));
      },
    };
  },
};

/** Tells for a request whether it is hit. */
function choice(fault: Chosen | undefined, random: () => number): (exchange: Exchange) => boolean {
  const { percentage = 100, vars } = fault ?? { percentage: 0 };
  const conditions = vars?.map(compileExpression);
  return (exchange) =>
    Math.floor(random() * 100) < percentage && (conditions?.some((holds) => holds(exchange)) ?? true);
}

function answered(abort: FaultInjection['abort']): (exchange: Exchange) => Answer | undefined {
  if (abort === undefined) return () => undefined;
  const { http_status: status } = abort;
  const body = abort.body === undefined ? undefined : template(abort.body);
  const fields = Object.entries(abort.headers ?? {}).map(([name, value]) => ({
    name,
    value: template(String(value)),
  }));
  return (exchange) => ({
    status,
    headers: Object.fromEntries(fields.map(({ name, value }) => [name, value.render(exchange)])),
    ...(body === undefined ? {} : { body: Buffer.from(body.render(exchange), 'latin1') }),
  });
}
