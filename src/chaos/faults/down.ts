import { hold, letGo } from '../../infra/index.ts';
import { stop } from '../../lifecycle/stop.ts';
import { bringBack } from '../bring-back.ts';
import { type FaultKind, partsOf, type Scene } from '../fault-kind.ts';
import { refusesOthers } from '../processes.ts';

/** Ends a part in an orderly way, and keeps it down. */
export const down: FaultKind = {
  about: 'ended in order, and kept down',
  subjects: partsOf,
  takes: ['held'],
  refuses: refusesOthers,
  async inject({ context, stack }: Scene, { name, subject }, remember) {
    await remember({});
    await hold(stack.root, subject, name);
    await stop(context, stack, [subject]);
  },
  async undo({ context, stack }, { name, subject }) {
    await letGo(stack.root, name);
    await bringBack(context, stack, subject);
  },
};
