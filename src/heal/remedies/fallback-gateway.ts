import { applyRoutes, planRoutes } from '../../gateway/index.ts';
import { startCompanion } from '../../lifecycle/companion.ts';
import type { Resource } from '../../model/resource.ts';
import type { Stack } from '../../model/stack.ts';
import { fallbackGateway as fallbackOf, KINDS } from '../../resources/index.ts';
import { isGateway, type Remedy, type Surgery } from '../remedy.ts';

const PROBE_MS = 2_000;

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
  async apply(surgery, { subject }) {
    const gateway = surgery.stack.resources.find(({ name }) => name === subject);
    if (gateway === undefined) throw new Error(`the stack declares no ${subject}`);
    const ports = await startFallback(surgery, gateway);
    return `the embedded gateway stands in on port ${ports.join(' and ')}`;
  },
};

/** Starts it, writes the routes to it, and returns the ports that it serves. */
export async function startFallback(surgery: Surgery, gateway: Resource): Promise<number[]> {
  const { context, stack, world } = surgery;
  const observed = world.snapshot.resources.find(({ name }) => name === gateway.name);
  const isHeld = world.holders.some(({ part }) => part === gateway.name);
  const runs = observed?.pid !== undefined;
  const ownPorts = observed?.provider !== 'external' && !isHeld && !runs;
  const { spec, resource } = fallbackOf(context, stack, gateway, { ownPorts });
  await startCompanion(context, stack.root, spec, () =>
    KINDS.apisix.probe(context, resource.endpoint, PROBE_MS),
  );
  const standIn: Stack = {
    ...stack,
    resources: stack.resources.map((each) => (each === gateway ? resource : each)),
  };
  const outcomes = await applyRoutes(context, standIn, await planRoutes(context, standIn));
  const failed = outcomes.find(({ status }) => status !== 'done');
  if (failed !== undefined) throw new Error(`${failed.change.kind} ${failed.change.name}: ${failed.reason}`);
  return ownPorts ? [resource.endpoint.port, gateway.endpoint.port] : [resource.endpoint.port];
}
