import type { Context } from '../context.ts';
import { QbtcError } from '../errors.ts';
import type { RegisteredService, SourceName } from '../model/discovery.ts';
import type { Finding } from '../model/finding.ts';
import type { GatewayKind, GatewayObject, GatewayState } from '../model/gateway.ts';
import type { Change, ChangeOutcome } from '../model/plan.ts';
import type { Resource } from '../model/resource.ts';
import type { Dump, Explanation, ListedRoute } from '../model/routes.ts';
import type { Stack } from '../model/stack.ts';
import { type Ledger, openLedger } from '../reconcile/ledger.ts';
import { resourceOfKind } from '../resources/facts.ts';
import { type ApplyOptions, applyPlan } from './apply.ts';
import { desiredGateway } from './desired.ts';
import { discoveredGateway } from './discovered.ts';
import { addressOf, openDriver, type Reach } from './drivers/index.ts';
import { dumpGateway } from './dump.ts';
import { embeddedRefusals } from './embedded-refusals.ts';
import { explainRequest, type RequestToExplain } from './explain.ts';
import { inFileOrder, lintGateway } from './lint/index.ts';
import { listed } from './list.ts';
import { normalise } from './normalise.ts';
import { type GatewayPlan, planGateway, schemasNeeded } from './plan.ts';
import { placeOfRefusal, placeText } from './refusal.ts';
import { isDiscovered, isOfStack } from './stamp.ts';
import { emptyState, nameOf, objectsOf } from './state.ts';
import type { Validation } from './validate.ts';

export { type ApplyOptions, CONCURRENCY } from './apply.ts';
export { type DeclaredRoute, declaredRoutes } from './declared-routes.ts';
export { desiredGateway, serviceUpstream } from './desired.ts';
export { askedOfJudge, embeddedJudge, embeddedRefusals } from './embedded-refusals.ts';
export { lintGateway } from './lint/index.ts';
export { maskField, SECRET_WORDS } from './mask.ts';
export { normalise } from './normalise.ts';
export type { GatewayPlan } from './plan.ts';
export { probeRoutes } from './probe.ts';
export { proveChanges } from './prove.ts';
export { unstamped } from './stamp.ts';
export { emptyState, objectsOf } from './state.ts';

export interface RoutePlan {
  /** What `apply` will do, and what it will not because something is in the way (`blocked`). */
  changes: Change[];
  /** What is ours, no longer declared, and stays without `prune`. */
  leftovers: Change[];
  /** What `applyRoutes` carries out. Its steps hold keys: `changes` is what may be printed. */
  plan: GatewayPlan;
}

export interface PlanRoutesOptions {
  /** Deletes what is ours and no longer declared. */
  prune?: boolean;
  /** Takes over what is declared and there, and not ours. */
  adopt?: boolean;
  /** What discovery found, in the place of what is declared. Pruned always: it comes and goes. */
  discovered?: readonly RegisteredService[];
  /** With it: sources that could not be asked. What they vouch for is not pruned. */
  blind?: readonly SourceName[];
  /** Leaves out of the plan what this does not pick. */
  only?: (kind: GatewayKind, id: string) => boolean;
}

/**
 * Compares the gateway with what the stack declares.
 *
 * @throws QbtcError what the driver says of a gateway that cannot be read (see `driver.ts`); `GATEWAY_DECLARATION`;
 *   `GATEWAY_NOT_DECLARED`; `LEDGER_UNREADABLE`
 */
export async function planRoutes(
  context: Reach,
  stack: Stack,
  { prune = false, adopt = false, discovered, blind = [], only }: PlanRoutesOptions = {},
): Promise<RoutePlan> {
  const desired =
    discovered === undefined ? desiredGateway(stack) : discoveredGateway(discovered, stack.name);
  const gateway = gatewayOf(stack);
  const driver = openDriver(context, gateway);
  const [ledger, observed] = await Promise.all([
    ledgerOf(stack, gateway),
    driver.observe(
      (consumer) => isOfStack(consumer, stack.name) || desired.consumer.has(String(consumer.username)),
    ),
  ]);
  const needed = schemasNeeded(desired, observed);
  const whole = planGateway(desired, observed, {
    stack: stack.name,
    prune: prune || discovered !== undefined,
    adopt,
    discovered: discovered !== undefined,
    blind: new Set(blind),
    ledger,
    secrets: Object.values(stack.secrets),
    schemas: needed.length === 0 ? new Map() : await driver.schemas(needed),
  });
  const plan = only
    ? { steps: whole.steps.filter(({ target }) => only(target.kind, target.id)), leftovers: [] }
    : whole;
  const changes = plan.steps.map((step) => step.change);
  return { changes, leftovers: plan.leftovers, plan };
}

/** Carries out the plan, which may have been written down and read back, and nothing else. Never rejects because of a failed change. */
export async function applyRoutes(
  context: Reach,
  stack: Stack,
  { plan }: Pick<RoutePlan, 'plan'>,
  options: ApplyOptions = {},
): Promise<ChangeOutcome[]> {
  if (plan.steps.length === 0) return [];
  const gateway = gatewayOf(stack);
  const { http, clock } = context;
  const target = {
    driver: openDriver(context, gateway),
    undeterred: () => openDriver({ http, clock, interrupted: new AbortController().signal }, gateway),
    ledger: await ledgerOf(stack, gateway),
  };
  const outcomes = await applyPlan(context, target, plan, options);
  return outcomes.map((outcome, index) => {
    const step = plan.steps[index];
    if (outcome.status !== 'failed' || step === undefined) return outcome;
    const place = placeOfRefusal(stack.gateway, step.target.kind, step.target.id, outcome.reason ?? '');
    return place === undefined ? outcome : { ...outcome, place: placeText(place) };
  });
}

/** The routes that the gateway holds, whoever they belong to. Rejects as `planRoutes`. */
export async function listRoutes(context: Reach, stack: Stack): Promise<ListedRoute[]> {
  const state = await openDriver(context, gatewayOf(stack)).observe(() => false);
  return listed(state, stack.name);
}

/** What the gateway holds of the stack: what carries its stamp, and what the ledger names. Rejects as `planRoutes`. */
export async function heldRoutes(context: Reach, stack: Stack): Promise<GatewayState> {
  const gateway = gatewayOf(stack);
  const ours = (object: GatewayObject) => isOfStack(object, stack.name) && !isDiscovered(object);
  const [ledger, state] = await Promise.all([
    ledgerOf(stack, gateway),
    openDriver(context, gateway).observe(ours),
  ]);
  const kept = emptyState();
  for (const { kind, id, object } of objectsOf(state))
    if (ours(object) || ledger.has(nameOf({ kind, id }))) kept[kind].set(id, normalise(object, kind));
  return kept;
}

/** What the gateway holds of the stack, or all that it holds, as a file that `planRoutes` takes. Rejects as it does. */
export async function dumpRoutes(context: Reach, stack: Stack, { all }: { all: boolean }): Promise<Dump> {
  const gateway = gatewayOf(stack);
  const [ledger, state] = await Promise.all([
    ledgerOf(stack, gateway),
    openDriver(context, gateway).observe((consumer) => all || isOfStack(consumer, stack.name)),
  ]);
  return dumpGateway(state, { stack: stack.name, all, isInLedger: ledger.has, secrets: stack.secrets });
}

/** Asks the gateway whether it would take what the stack declares. Rejects as `planRoutes`. */
export async function validateRoutes(context: Reach, stack: Stack): Promise<Validation> {
  const { validateGateway } = await import('./validate.ts');
  return validateGateway(openDriver(context, gatewayOf(stack)), desiredGateway(stack), stack);
}

/**
 * Looks for mistakes in what the stack declares, without a gateway, and asks the embedded gateway's program what it would
 * refuse. What that gateway lacks is an error where it is the stack's, a warning where it may be, and nothing else where
 * another one is.
 *
 * @throws QbtcError GATEWAY_DECLARATION, EMBEDDED_GATEWAY_SILENT
 */
export async function lintRoutes(
  context: Pick<Context, 'exec' | 'installation'>,
  stack: Stack,
): Promise<Finding[]> {
  const desired = desiredGateway(stack);
  const provider = resourceOfKind(stack, 'apisix')?.provider;
  const seen = lintGateway(desired, stack);
  const wrong = new Set(seen.filter(({ severity }) => severity === 'error').map(({ subject }) => subject));
  const refused = (await embeddedRefusals(context, desired, stack)).flatMap((finding): Finding[] => {
    if (finding.code === 'refused') return wrong.has(finding.subject) ? [] : [finding];
    if (provider === 'embedded') return [finding];
    return provider === undefined ? [{ ...finding, severity: 'warning' }] : [];
  });
  return inFileOrder([...seen, ...refused]);
}

/**
 * Which route would answer a request, by what the gateway holds, or with `declared` by what the stack declares.
 * @throws QbtcError as `planRoutes`; `BAD_URL`
 */
export async function explainRoute(
  context: Reach,
  stack: Stack,
  { declared, ...request }: RequestToExplain & { declared: boolean },
): Promise<Explanation> {
  const state = declared
    ? desiredGateway(stack)
    : await openDriver(context, gatewayOf(stack)).observe(() => false);
  return explainRequest(state, request);
}

/**
 * The gateway of the stack.
 * @throws QbtcError GATEWAY_NOT_DECLARED
 */
export function gatewayOf(stack: Stack): Resource {
  const gateway = resourceOfKind(stack, 'apisix');
  if (gateway) return gateway;
  throw new QbtcError('GATEWAY_NOT_DECLARED', `${stack.name} declares no gateway to write routes to`, {
    hint: `add a resource of kind apisix to infrastructure in ${stack.file}`,
  });
}

function ledgerOf(stack: Stack, gateway: Resource): Promise<Ledger> {
  return openLedger(stack.root, 'gateway', addressOf(gateway));
}
