import { durationSchema } from '../duration.ts';
import { defineStepKind } from '../step-kind.ts';

/** Lets time pass, where nothing can be asked whether it is enough. */
export const wait = defineStepKind({
  acts: true,
  shape: { for: durationSchema },
  prepare: ({ for: ms }) => ({
    async run({ context, signal }) {
      await context.clock.sleep(ms, signal);
      const seenAt = context.clock.monotonic();
      return { status: 'passed', seenAt, vouches: false, evidence: `${ms} ms have passed` };
    },
  }),
});
