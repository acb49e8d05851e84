import { restart as restartParts } from '../../lifecycle/restart.ts';
import { isGateway, type Remedy } from '../remedy.ts';

/** Ends what runs and does not answer, and starts it again. Its dependants reconnect by themselves. */
export const restart: Remedy = {
  mends: ['not-answering'],
  cost: 'what it is doing is cut off; its dependants wait until it is back',
  command: ({ subject }) => `qbtc restart ${subject}`,
  attempts: (problem, stack) => (isGateway(problem, stack) ? 1 : undefined),
  async apply({ context, stack, timeoutMs }, { subject }) {
    const { started } = await restartParts(context, stack, [subject], timeoutMs);
    return `restarted ${started.join(', ')}`;
  },
};
