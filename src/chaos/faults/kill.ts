import { stop } from '../../lifecycle/stop.ts';
import { hold, letGo } from '../../state/index.ts';
import { bringBack } from '../bring-back.ts';
import { type FaultKind, partsOf } from '../fault-kind.ts';
import { observedParts, processesOf, refusesOthers, signalAll } from '../processes.ts';

/** Kills a part with SIGKILL. Held, it stays away; otherwise whoever supervises it brings it back. */
export const kill: FaultKind = {
  about: 'killed with SIGKILL, in the middle of whatever it does',
  subjects: partsOf,
  takes: ['held'],
  async refuses(around, fault) {
    const refusal = await refusesOthers(around, fault);
    if (refusal !== undefined) return refusal;
    const parts = await observedParts(around.context, around.stack, fault.subject);
    return parts.some(({ pid }) => pid !== undefined)
      ? undefined
      : `the processes of ${fault.subject} cannot be seen from here: its engine runs in a machine of its own`;
  },
  async inject({ context, stack }, { name, subject, options }, remember) {
    const processes = await processesOf(context, await observedParts(context, stack, subject));
    await remember({});
    if (options.held === true) await hold(stack.root, subject, name);
    await signalAll(context, processes, 'SIGKILL');
    // The supervisor is about to bring it back: it is told that it need not.
    if (options.held === true) await stop(context, stack, [subject]);
  },
  async undo({ context, stack }, { name, subject }) {
    await letGo(stack.root, name);
    await bringBack(context, stack, subject);
  },
};
