import * as z from 'zod';
import { EXIT } from '../../errors.ts';
import { replayDeadLetters } from '../../events/index.ts';
import { DEAD_LETTERS, RATE } from '../bounds.ts';
import { numberIn, operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'changes',
  input: {
    from: z.string().default('q_dead_letters'),
    type: z.string().exactOptional(),
    key: z.string().exactOptional(),
    correlation: z.string().exactOptional(),
    id: z.string().exactOptional(),
    reason: z.string().exactOptional(),
    limit: numberIn(DEAD_LETTERS).default(DEAD_LETTERS.default),
    rate: numberIn(RATE).default(RATE.default),
    dryRun: z.boolean().default(false),
  },
  documents: ['replayed'],
  async run(context, stack, { key, correlation, ...options }) {
    const { from } = options;
    const { progress } = context.io;
    let replayed = 0;
    const letters = await replayDeadLetters(context, stack, {
      ...options,
      ...(key === undefined ? {} : { routingKey: key }),
      ...(correlation === undefined ? {} : { correlationId: correlation }),
      onReplayed: () => {
        replayed += 1;
        if (replayed % 100 === 0) progress.step(from, `${replayed} put back`);
      },
    });
    progress.stop();
    const failed = letters.filter(({ status }) => status === 'failed').length;
    return {
      document: { kind: 'replayed', stack: stack.name, from, letters },
      exit: failed === 0 ? EXIT.done : replayed > failed ? EXIT.partial : EXIT.error,
    };
  },
});
