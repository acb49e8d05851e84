import * as z from 'zod';
import { nodesOf, type ServiceNode } from '../../config/service-address.ts';
import { messageOf } from '../../errors.ts';
import { samplesIn } from '../../metrics/prometheus.ts';
import { conditionSchema, mismatch } from '../conditions.ts';
import { durationSchema } from '../duration.ts';
import { type Look, poll } from '../poll.ts';
import { defineStepKind } from '../step-kind.ts';

const DEADLINE_MS = 5_000;

/** A metric of a service, summed over its replicas and over the labels that are not named. */
export const metric = defineStepKind({
  acts: false,
  shape: {
    /** The service whose metrics are read. */
    of: z.string(),
    /** The sample, with its suffix where it has one: `llm_tokens_total`, `bus_message_duration_seconds_count`. */
    name: z.string().min(1),
    labels: z.record(z.string(), z.string()).default({}),
    expect: z.strictObject({ value: conditionSchema }).default({ value: { exists: true } }),
    every: durationSchema.default(200),
    within: durationSchema.default(5_000),
  },
  prepare: ({ of, name, labels: labelTemplates, expect: expectation, every, within }) => ({
    async run(scope) {
      const expected = scope.fill(expectation);
      const labels = Object.entries(scope.fill(labelTemplates));
      const service = scope.stack.services.find((each) => each.name === of);
      if (service === undefined) return { status: 'failed', evidence: `the stack declares no service ${of}` };
      const { metrics } = service;
      if (metrics === undefined) return { status: 'failed', evidence: `${of} declares no metrics` };
      const read = async ({ url }: ServiceNode) => {
        const answer = await scope.context.http(`${url}${metrics}`, {
          timeoutMs: DEADLINE_MS,
          signal: scope.signal,
        });
        return samplesIn(answer.body).filter(
          (sample) =>
            sample.name === name && labels.every(([label, value]) => sample.labels[label] === value),
        );
      };
      try {
        const nodes = nodesOf(service);
        const result = await poll(scope, { every, within }, async (): Promise<Look<number>> => {
          const samples = (await Promise.all(nodes.map(read))).flat();
          const value =
            samples.length === 0 ? undefined : samples.reduce((sum, sample) => sum + sample.value, 0);
          const reason = mismatch(name, value, expected.value);
          return reason === undefined ? { found: value ?? 0 } : { last: reason };
        });
        if ('last' in result) return { status: 'failed', evidence: `the metrics of ${of}: ${result.last}` };
        return {
          status: 'passed',
          seenAt: scope.context.clock.monotonic(),
          evidence: `${name} of ${of} is ${result.found}`,
          document: result.found,
        };
      } catch (error) {
        return {
          status: 'failed',
          blame: of,
          evidence: `the metrics of ${of} could not be read: ${messageOf(error)}`,
        };
      }
    },
  }),
});
