import * as z from 'zod';
import { messageOf } from '../../errors.ts';
import { conditionSchema, mismatch } from '../conditions.ts';
import { durationSchema } from '../duration.ts';
import type { JsonValue } from '../json-path.ts';
import { type Look, poll } from '../poll.ts';
import { defineStepKind, type StepScope } from '../step-kind.ts';

const expectationSchema = z.strictObject({
  /** Those that wait; what a consumer has taken and not yet acknowledged is none of them. */
  messages: conditionSchema.optional(),
  consumers: conditionSchema.optional(),
});

/** How many messages wait in a queue, and how many consume from it. Nothing is taken out of it. */
export const queue = defineStepKind({
  acts: false,
  shape: {
    queue: z.string().min(1, { error: 'the name of a queue' }),
    expect: expectationSchema.default({ messages: 0 }),
    every: durationSchema.default(100),
    within: durationSchema.default(5_000),
  },
  prepare: ({ queue: template, expect: expectation, every, within }) => ({
    async run(scope) {
      const name = scope.fill(template);
      const expected = scope.fill(expectation);
      try {
        const result = await poll(scope, { every, within }, () => look(scope, name, expected));
        if ('last' in result) return { status: 'failed', evidence: `${name}: ${result.last}` };
        const { messages, consumers } = result.found;
        return {
          status: 'passed',
          seenAt: scope.context.clock.monotonic(),
          evidence: `${name} had ${messages} waiting, ${consumers} consuming`,
          document: result.found as JsonValue,
        };
      } catch (error) {
        const blame = scope.broker.resource?.name ?? '';
        return { status: 'failed', blame, evidence: `${name} could not be looked at: ${messageOf(error)}` };
      }
    },
  }),
});

async function look(
  { broker }: StepScope,
  name: string,
  expected: z.infer<typeof expectationSchema>,
): Promise<Look<{ messages: number; consumers: number }>> {
  const found = await (await broker.connection()).inspectQueue(name);
  if (found === undefined) return { last: 'there is no such queue' };
  const reasons = (['messages', 'consumers'] as const).flatMap((field) => {
    const condition = expected[field];
    return condition === undefined ? [] : (mismatch(field, found[field], condition) ?? []);
  });
  return reasons.length === 0 ? { found } : { last: reasons.join('; ') };
}
