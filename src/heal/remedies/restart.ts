import { restart as restartParts } from '../../lifecycle/restart.ts';
import { partsNamed } from '../../score/index.ts';
import { isGateway, type Remedy } from '../remedy.ts';

/** Ends what runs and does not answer, or never became ready, and starts it again. Its dependants reconnect by themselves. */
export const restart: Remedy = {
  mends: ['not-answering', 'recovering', 'failing'],
  cost: 'what it is doing is cut off; its dependants wait until it is back',
  unfit: ({ kind, subject }, { snapshot }, stack) => {
    if (kind !== 'failing') return undefined;
    const isOurs = partsNamed(snapshot, stack, subject).some(({ provider }) => provider !== 'external');
    return isOurs ? undefined : `${subject} is not run by qbtc`;
  },
  command: ({ subject }) => `qbtc restart ${subject}`,
  // What fails although it is well has a reason that a second restart does not know either.
  attempts: (problem, stack) => (problem.kind === 'failing' || isGateway(problem, stack) ? 1 : undefined),
  async apply({ context, stack, timeoutMs }, { subject }) {
    const { started } = await restartParts(context, stack, [subject], timeoutMs);
    return `restarted ${started.join(', ')}`;
  },
};
