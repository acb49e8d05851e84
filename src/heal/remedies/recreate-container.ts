import { up } from '../../lifecycle/up.ts';
import { openContainers } from '../../runtimes/containers/index.ts';
import { partsNamed } from '../../score/index.ts';
import type { Remedy } from '../remedy.ts';

/** A container whose own files are broken stays so when it is restarted: it is made anew. Its volumes stay. */
export const recreateContainer: Remedy = {
  mends: ['not-answering', 'not-running'],
  cost: 'what the container wrote outside of its volumes is gone',
  unfit: ({ subject }, { snapshot }, stack) =>
    partsNamed(snapshot, stack, subject).some(({ provider }) => provider === 'docker')
      ? undefined
      : `${subject} does not run in Docker`,
  command: ({ subject }) => `qbtc stop ${subject} && qbtc up ${subject}`,
  attempts: () => 1,
  async apply({ context, stack, timeoutMs }, { subject }) {
    await openContainers(context, stack.root).remove([subject]);
    await up(context, stack, { apply: false, timeoutMs, placement: {}, only: [subject], exactly: true });
    return `made the container of ${subject} anew`;
  },
};
