import { stop } from '../../lifecycle/stop.ts';
import { hold, letGo } from '../../state/index.ts';
import { bringBack } from '../bring-back.ts';
import { type FaultKind, partsOf } from '../fault-kind.ts';
import { refusesOthers } from '../processes.ts';

/** Ends a part in an orderly way. Held, it stays down; otherwise heal may start it. */
export const down: FaultKind = {
  about: 'ended in order, and kept down',
  subjects: partsOf,
  takes: ['held'],
  refuses: refusesOthers,
  async inject({ context, stack }, { name, subject, options }, remember) {
    await remember({});
    if (options.held === true) await hold(stack.root, subject, name);
    await stop(context, stack, [subject]);
  },
  async undo({ context, stack }, { name, subject }) {
    await letGo(stack.root, name);
    await bringBack(context, stack, subject);
  },
};
