import { watchAndHeal } from '../../heal/watch.ts';
import { HEAL_TIMEOUT, INTERVAL, POINTS } from '../bounds.ts';
import { numberIn, operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'changes',
  input: {
    below: numberIn(POINTS).exactOptional(),
    every: numberIn(INTERVAL).exactOptional(),
    timeout: numberIn(HEAL_TIMEOUT).default(HEAL_TIMEOUT.default),
  },
  documents: [],
  tells: 'heal-watch',
  async run(context, stack, { below, every, timeout }, tell) {
    const { clock } = context;
    await watchAndHeal(context, stack, {
      timeoutMs: timeout * 1000,
      below: below ?? stack.heal.below,
      every: every ?? stack.heal.every,
      onEvent: (event) => tell({ kind: 'heal-watch', at: new Date(clock.now()).toISOString(), ...event }),
    });
    return {};
  },
});
