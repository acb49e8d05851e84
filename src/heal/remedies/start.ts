import { up } from '../../lifecycle/up.ts';
import { isGateway, type Remedy } from '../remedy.ts';

/** Starts what does not run. What the supervisor had given up gets a new chance. */
export const start: Remedy = {
  mends: ['not-running'],
  cost: 'none: it does not run',
  command: ({ subject }) => `qbtc up ${subject}`,
  attempts: (problem, stack) => (isGateway(problem, stack) ? 1 : undefined),
  async apply({ context, stack, timeoutMs }, { subject }) {
    const { started } = await up(context, stack, {
      apply: false,
      timeoutMs,
      placement: {},
      only: [subject],
      exactly: true,
    });
    return started.length === 0 ? 'it ran already' : `started ${started.join(', ')}`;
  },
};
