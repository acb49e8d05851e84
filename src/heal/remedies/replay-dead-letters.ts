import { replayDeadLetters as replay } from '../../events/index.ts';
import type { Remedy } from '../remedy.ts';

/** Gentle: what was away has just come back. */
const RATE = 50;

/** Puts back what was given up while something was away, each message once: what dies again has another reason. */
export const replayDeadLetters: Remedy = {
  mends: ['dead-letters'],
  cost: 'consumers get them once more; what they have done already they recognise',
  command: ({ subject }) => `qbtc events replay --from ${subject}`,
  // Each message is put back once whatever this says.
  attempts: () => 100,
  async apply({ context, stack, world }, { subject }) {
    const limit = world.deadLetters.find(({ queue }) => queue === subject)?.letters.length ?? 0;
    const options = { from: subject, limit, rate: RATE, dryRun: false, fresh: true };
    const letters = await replay(context, stack, options);
    const failed = letters.find(({ status }) => status === 'failed');
    if (failed !== undefined) throw new Error(failed.note);
    return `${letters.filter(({ status }) => status === 'replayed').length} put back`;
  },
};
