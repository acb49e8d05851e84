import type { Context } from '../context.ts';
import { QbtcError } from '../errors.ts';
import type { GatewayState } from '../model/gateway.ts';
import type { Change, ChangeOutcome } from '../model/plan.ts';
import type { Stack } from '../model/stack.ts';
import { type ApplyOptions, applyPlan } from './apply.ts';
import { desiredGateway } from './desired.ts';
import type { GatewayDriver } from './driver.ts';
import { apisixAdmin } from './drivers/apisix-admin.ts';
import { type GatewayPlan, planGateway, schemasNeeded } from './plan.ts';
import { isOurs } from './stamp.ts';

export type { ApplyOptions } from './apply.ts';
export { desiredGateway } from './desired.ts';
export type { GatewayPlan } from './plan.ts';
export { probeRoutes } from './probe.ts';

type Reach = Pick<Context, 'http' | 'clock' | 'interrupted'>;

export interface RoutePlan {
  /** What `apply` will do, and what it will not because something is in the way (`blocked`). */
  changes: Change[];
  /** What is ours, no longer declared, and stays without `prune`. */
  leftovers: Change[];
  /** What `applyRoutes` carries out. Its steps hold keys: `changes` is what may be printed. */
  plan: GatewayPlan;
  desired: GatewayState;
}

/**
 * Compares the gateway with what the stack declares.
 *
 * @throws QbtcError what the driver says of a gateway that cannot be read (see `driver.ts`); `GATEWAY_DECLARATION`;
 *   `GATEWAY_NOT_DECLARED`
 */
export async function planRoutes(
  context: Reach,
  stack: Stack,
  options: { prune?: boolean } = {},
): Promise<RoutePlan> {
  const desired = desiredGateway(stack);
  const driver = driverOf(context, stack);
  const observed = await driver.observe(
    (consumer) => isOurs(consumer, stack.name) || desired.consumer.has(String(consumer.username)),
  );
  const needed = schemasNeeded(desired, observed);
  const plan = planGateway(desired, observed, {
    stack: stack.name,
    prune: options.prune ?? false,
    secrets: Object.values(stack.secrets),
    schemas: needed.length === 0 ? new Map() : await driver.schemas(needed),
  });
  return { changes: plan.steps.map((step) => step.change), leftovers: plan.leftovers, plan, desired };
}

/** Carries out the plan, and nothing else. Never rejects because of a failed change. */
export async function applyRoutes(
  context: Reach,
  stack: Stack,
  { plan }: Pick<RoutePlan, 'plan'>,
  options: ApplyOptions = {},
): Promise<ChangeOutcome[]> {
  return applyPlan(context, driverOf(context, stack), plan, options);
}

/** The way in which this stack's gateway is written. */
function driverOf(context: Reach, stack: Stack): GatewayDriver {
  const gateway = stack.resources.find((resource) => resource.kind === 'apisix');
  if (!gateway) {
    throw new QbtcError('GATEWAY_NOT_DECLARED', `${stack.name} declares no gateway to write routes to`, {
      hint: `add a resource of kind apisix to infrastructure in ${stack.file}`,
    });
  }
  const { managementUrl, adminKey } = gateway.endpoint;
  if (managementUrl === undefined || adminKey === undefined) {
    throw new QbtcError(
      'GATEWAY_NOT_DECLARED',
      `the gateway ${gateway.name} has no Admin API to write routes to`,
      {
        hint: `give infrastructure.${gateway.name} its admin_port in ${stack.file}`,
      },
    );
  }
  return apisixAdmin(context, { url: managementUrl.replace(/\/+$/, ''), key: adminKey });
}
