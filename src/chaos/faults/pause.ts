import type { KnownProcess } from '../../alive.ts';
import { openContainers } from '../../runtimes/containers/index.ts';
import { hold, letGo } from '../../state/index.ts';
import { type FaultKind, partsOf } from '../fault-kind.ts';
import { observedParts, processesOf, refusesOthers, signalAll } from '../processes.ts';

/** Freezes a part: it keeps its connections and answers nobody. */
export const pause: FaultKind = {
  about: 'frozen with SIGSTOP: its connections stay, and nobody answers',
  subjects: partsOf,
  takes: ['held'],
  refuses: refusesOthers,
  async inject({ context, stack }, { name, subject, options }, remember) {
    const parts = await observedParts(context, stack, subject);
    const inDocker = parts.some(({ provider }) => provider === 'docker');
    const processes = inDocker ? [] : await processesOf(context, parts);
    await remember({ inDocker, processes });
    if (options.held === true) await hold(stack.root, subject, name);
    if (inDocker) await openContainers(context, stack.root).pause([subject]);
    else await signalAll(context, processes, 'SIGSTOP');
  },
  async undo({ context, stack }, { name, subject, memory }) {
    if (memory.inDocker === true) await openContainers(context, stack.root).resume([subject]);
    await signalAll(context, (memory.processes ?? []) as KnownProcess[], 'SIGCONT');
    await letGo(stack.root, name);
  },
};
