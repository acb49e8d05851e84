import { resourceNamed } from '../../resources/facts.ts';
import { isGateway, type Remedy } from '../remedy.ts';
import { startFallback } from '../stand-in.ts';

/**
 * When the gateway stays down: the embedded one takes its routes, on the fallback port, and where nobody else can need
 * it, on the gateway's own. The own port of a gateway that somebody else runs is left free: with it taken, that one
 * could not come back.
 */
export const fallbackGateway: Remedy = {
  mends: ['not-running', 'not-answering', 'port-stolen', 'away'],
  cost: "qbtc's own gateway serves meanwhile: Lua plugins do nothing, and each answer says that it stands in",
  unfit: (problem, _, stack) =>
    isGateway(problem, stack) ? undefined : 'only a gateway can be stood in for',
  command: () => 'qbtc heal',
  async apply(around, { subject }) {
    const ports = await startFallback(around, resourceNamed(around.stack, subject));
    return `the embedded gateway stands in on port ${ports.join(' and ')}`;
  },
};
