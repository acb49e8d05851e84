import type { Context } from '../context.ts';
import { discoverServices } from '../discovery/index.ts';
import { planRoutes, probeRoutes } from '../gateway/index.ts';
import type { FlowResult } from '../model/flow.ts';
import type { RouteAnswer, Snapshot } from '../model/observation.ts';
import type { Stack } from '../model/stack.ts';
import { resourceOfKind } from '../resources/facts.ts';
import { instancesOf, runningInstances } from '../services/index.ts';
import { planTopology } from '../topology/index.ts';
import { askOnce } from './ask-once.ts';
import { measure } from './measure.ts';
import { observeProfile } from './profile.ts';
import { observeResources, PATIENCE_MS } from './resources.ts';
import { observeTelemetry } from './telemetry.ts';

/** Longer than the patience with a single part: who waits for one that is slow is measured still. */
const DEADLINE_MS = 2 * PATIENCE_MS;
/** Flows have deadlines of their own; this one is for a flow that breaks its own. */
const FLOWS_DEADLINE_MS = 120_000;

/** What stands beside `observe` and is therefore handed in by the one who calls both. */
export interface ObserveParts {
  /** Runs the flows. Left out, they count as not measured. */
  flows?: (() => Promise<FlowResult[]>) | undefined;
}

export interface ObserveOptions {
  /** The deadline of each single measurement. */
  deadlineMs?: number | undefined;
}

/**
 * Takes one snapshot of the stack as it is now, all of it in parallel. What cannot be measured says why.
 * Each service is asked once for its health document; every part judges that one answer.
 *
 * @throws what `observeResources` throws (without it there is no strategy to name), and the reason of an interruption
 */
export async function observe(
  given: Context,
  stack: Stack,
  { flows }: ObserveParts,
  { deadlineMs = DEADLINE_MS }: ObserveOptions = {},
): Promise<Snapshot> {
  const healthUrls = stack.services
    .flatMap(instancesOf)
    .flatMap(({ service: { health }, url }) =>
      health.kind === 'http' && url !== undefined ? [`${url}${health.path}`] : [],
    );
  const context = { ...given, http: askOnce(given.http, healthUrls, PATIENCE_MS) };
  const within = <Value>(take: () => Promise<Value>) => measure(context, deadlineMs, take);
  const [infrastructure, discovered, topologyPlan, routePlan, routeAnswers, flowResults, telemetry, profile] =
    await Promise.all([
      observeResources(context, stack),
      within(async () => discoverServices(context, stack, await runningInstances(context, stack))),
      within(async () => (await planTopology(context, stack)).changes),
      within(async () => (await planRoutes(context, stack)).changes),
      within(() => askRoutes(context, stack)),
      flows
        ? measure(context, FLOWS_DEADLINE_MS, flows)
        : { measured: false as const, reason: 'the flows were not run' },
      within(() => observeTelemetry(context, stack)),
      observeProfile(stack),
    ]);
  return {
    stack: stack.name,
    takenAt: new Date(context.clock.now()).toISOString(),
    profile,
    ...infrastructure,
    discovered,
    topologyPlan,
    routePlan,
    routeAnswers,
    flows: flowResults,
    telemetry,
  };
}

async function askRoutes(context: Context, stack: Stack): Promise<RouteAnswer[]> {
  const gateway = resourceOfKind(stack, 'apisix');
  if (!gateway) throw new Error('the stack declares no gateway');
  return probeRoutes(context, stack, gateway.endpoint.url);
}
