import { applyRoutes, planRoutes } from '../../gateway/index.ts';
import {
  attachSupervisor,
  fallbackGateway as fallbackOf,
  startSupervisor,
  supervisorProgram,
} from '../../infra/index.ts';
import { withLock } from '../../lifecycle/lock.ts';
import type { Resource } from '../../model/resource.ts';
import type { Stack } from '../../model/stack.ts';
import { isGateway, type Remedy, type Surgery } from '../remedy.ts';

const READY_MS = 20_000;
const POLL_MS = 50;

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
  await withLock(context, stack.root, 'qbtc heal', async () => {
    const program = supervisorProgram(context);
    const supervisor =
      (await attachSupervisor(stack.root, program)) ?? (await startSupervisor(stack.root, program));
    try {
      await supervisor.ensure(spec);
      await untilListening(surgery, resource);
      await supervisor.keep(spec.name);
    } finally {
      supervisor.close();
    }
  });
  const standIn: Stack = {
    ...stack,
    resources: stack.resources.map((each) => (each === gateway ? resource : each)),
  };
  const outcomes = await applyRoutes(context, standIn, await planRoutes(context, standIn));
  const failed = outcomes.find(({ status }) => status !== 'done');
  if (failed !== undefined) throw new Error(`${failed.change.kind} ${failed.change.name}: ${failed.reason}`);
  return ownPorts ? [resource.endpoint.port, gateway.endpoint.port] : [resource.endpoint.port];
}

/** Its Admin API answers last. */
async function untilListening({ context }: Surgery, { endpoint, name }: Resource): Promise<void> {
  const { clock, http, interrupted } = context;
  const deadline = clock.monotonic() + READY_MS;
  for (;;) {
    try {
      await http(`${endpoint.managementUrl}/status`, { timeoutMs: 1_000, signal: interrupted });
      return;
    } catch (error) {
      if (clock.monotonic() > deadline) throw new Error(`${name} does not answer`, { cause: error });
      await clock.sleep(POLL_MS, interrupted);
    }
  }
}
