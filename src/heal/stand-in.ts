import { applyRoutes, planRoutes } from '../gateway/index.ts';
import { startCompanion } from '../lifecycle/companion.ts';
import type { Resource } from '../model/resource.ts';
import type { Stack } from '../model/stack.ts';
import { fallbackGateway as fallbackOf, KINDS } from '../resources/index.ts';
import type { RemedyContext } from './remedy.ts';

const PROBE_MS = 2_000;

/** Starts the embedded gateway in the place of one, writes the routes to it, and gives the ports that it serves. */
export async function startFallback(remedy: RemedyContext, gateway: Resource): Promise<number[]> {
  const { context, stack, world } = remedy;
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
