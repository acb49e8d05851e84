import * as z from 'zod';
import { answerDetails, answerExpectationSchema, answerMismatches } from '../answer.ts';
import { defineStepKind } from '../step-kind.ts';

/** Looks again at the answer of an earlier `http` step, for what a service further down the chain must have put in it. */
export const answer = defineStepKind({
  acts: false,
  shape: {
    /** The `id` of the `http` step. */
    to: z.string(),
    expect: answerExpectationSchema,
  },
  prepare: ({ to, expect }) => ({
    reads: to,
    async run({ exchanges, fill, stack }) {
      const exchange = exchanges.get(to);
      if (exchange?.answer === undefined) {
        return { status: 'failed', evidence: exchange?.summary ?? 'the request was not sent' };
      }
      const { answer: got, tookMs } = exchange;
      const mismatches = await answerMismatches({ answer: got, tookMs }, fill(expect), stack.root);
      if (mismatches.length > 0)
        return { status: 'failed', evidence: mismatches.join('; '), details: answerDetails(got) };
      return {
        status: 'passed',
        seenAt: exchange.endedAt,
        evidence: `answered ${exchange.summary}`,
        document: exchange.answer.document,
      };
    },
  }),
});
