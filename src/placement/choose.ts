import type { Context } from '../context.ts';
import { EXIT, QbtcError } from '../errors.ts';
import type { ListeningSocket } from '../model/observation.ts';
import type { ByHand, Choice, InfrastructurePlan, ServiceChoice } from '../model/placement.ts';
import type { ProviderName, Resource, Strategy } from '../model/resource.ts';
import type { Service, Stack } from '../model/stack.ts';
import { resourcesOfKind } from '../resources/facts.ts';
import { providers } from '../resources/index.ts';
import type { Provider } from '../resources/provider.ts';
import { composeServices, isAlive } from '../runtimes/containers/index.ts';
import { instancesByHand } from '../services/by-hand.ts';
import { instancesOf, ownInstances } from '../services/service.ts';
import { isSupervised } from './leaving.ts';
import { portsTaken } from './port-holders.ts';
import { type PortConflict, portConflicts, type WantedPort } from './ports.ts';
import { NOTHING_RUNS, type RunningParts, runningProvider } from './running-parts.ts';
import { nameStrategy, PREFERENCE } from './strategy.ts';

/** What the command line asks for; it goes before what `qbtc.yaml` says. */
export interface PlacementOptions {
  strategy?: Strategy;
  /** Who is to provide a resource, by its name. */
  providers?: ReadonlyMap<string, ProviderName>;
}

/** What the choice of one resource goes by. */
interface Question {
  stack: Stack;
  present: RunningParts;
  sockets: readonly ListeningSocket[];
  byHand: readonly ByHand[];
  /** The forced strategy; `undefined` where qbtc decides. */
  strategy: Strategy | undefined;
  placement: PlacementOptions;
  registry: Record<ProviderName, Provider>;
}

const RUNS_ALREADY = 'runs already';

/**
 * Decides resource by resource, and says why. Looks only: nothing is started, and nothing is written. What of ours runs
 * already goes on as it is unless something else is asked for.
 *
 * @throws QbtcError `PORT_TAKEN` with every port that stands in the way; `RESOURCE_UNAVAILABLE` with the reason of each
 *   provider; `PROVIDER_IMPOSSIBLE` for a wish that no machine could grant
 */
export async function chooseProviders(
  context: Context,
  stack: Stack,
  present: RunningParts = NOTHING_RUNS,
  placement: PlacementOptions = {},
  registry: Record<ProviderName, Provider> = providers,
): Promise<InfrastructurePlan> {
  checkOptions(stack, placement);
  const strategy = placement.strategy ?? stack.strategy;
  const byHand = await instancesByHand(context, stack);
  const question: Question = {
    stack,
    present,
    placement,
    strategy,
    registry,
    sockets: await foreignSockets(context, present),
    byHand,
  };
  const conflicts: PortConflict[] = [];
  const gather = async (resources: readonly Resource[], excluded: Excluded = new Map()) => {
    const answers = await Promise.all(
      resources.map((resource) => choose(context, question, resource, excluded)),
    );
    return answers.flatMap((answer) => {
      if (!Array.isArray(answer)) return [answer];
      conflicts.push(...answer);
      return [];
    });
  };

  const gateways = resourcesOfKind(stack, 'apisix');
  const others = await gather(stack.resources.filter(({ kind }) => kind !== 'apisix'));
  const inside = await whyNotInside(context, question, others, gateways);
  const services = stack.services.map(
    (service): ServiceChoice =>
      service.url !== undefined
        ? { service: service.name, runs: 'adopted', reason: `runs already at ${service.url}` }
        : inside === undefined
          ? { service: service.name, runs: 'container', reason: 'all that it needs runs in Docker' }
          : { service: service.name, runs: 'process', ...runByHand(service, byHand, inside) },
  );
  const gateway = await gather(
    gateways,
    inside === undefined || stack.services.length === 0
      ? new Map()
      : new Map([
          ['docker', 'in a container it could not reach the services, which run on this machine itself'],
        ]),
  );
  conflicts.push(...serviceConflicts(question, services));
  if (conflicts.length > 0) throw await portsTaken(context, stack, conflicts, question.sockets);

  const made = new Map([...others, ...gateway].map((choice) => [choice.resource, choice]));
  const choices = stack.resources.flatMap(({ name }) => made.get(name) ?? []);
  return { strategy: nameStrategy(choices, services), choices, services };
}

/** Providers that cannot be taken for a reason that they do not know themselves. */
type Excluded = ReadonlyMap<ProviderName, string>;

async function choose(
  context: Context,
  question: Question,
  resource: Resource,
  excluded: Excluded,
): Promise<Choice | PortConflict[]> {
  const { stack, present, sockets } = question;
  const { name } = resource;
  const forced = forcedProvider(question, resource);
  const before = present.plan?.choices.find((choice) => choice.resource === name);
  const candidates =
    forced === undefined ? preferred(PREFERENCE[question.strategy ?? 'hybrid'], before) : [forced];
  const current = runningProvider(present, name);
  if (current !== undefined && candidates.includes(current) && !excluded.has(current)) {
    const choice = { resource: name, provider: current, reason: RUNS_ALREADY, loss: before?.loss ?? '' };
    return { ...choice, ...standIn(current, before) };
  }

  const taken = current === undefined ? portConflicts(resourcePorts(resource), sockets) : [];
  const refusals: string[] = [];
  for (const candidate of candidates) {
    // Adopting is for what somebody else runs: asked for, or found in the place of ours.
    if (candidate === 'external' && forced === undefined && taken.length === 0) continue;
    if (candidate !== 'external' && taken.length > 0) continue;
    if (candidate === 'external' && current !== undefined) {
      refusals.push('external: what answers there is run by qbtc itself (qbtc down ends it)');
      continue;
    }
    const offer = excluded.has(candidate)
      ? { available: false as const, reason: excluded.get(candidate) ?? '' }
      : await question.registry[candidate].offer(context, stack, resource);
    if (offer.available) {
      const choice = { resource: name, provider: candidate, reason: offer.reason, loss: offer.loss };
      return { ...choice, ...standIn(candidate, before) };
    }
    refusals.push(`${candidate}: ${offer.reason}`);
  }
  if (taken.length > 0 && forced !== 'external')
    return taken.map((conflict) => ({
      ...conflict,
      ...(refusals[0] === undefined ? {} : { why: refusals[0] }),
    }));
  throw new QbtcError('RESOURCE_UNAVAILABLE', `${name}: ${unavailable(question, forced)}`, {
    details: refusals,
    hint:
      forced === 'external'
        ? `start it, or mend its url in ${stack.file}`
        : 'qbtc doctor says what this machine has; another way is asked for with --strategy or --provider',
  });
}

/** An embedded part in the place of what Docker or somebody else provided until now; `down` forgets it. */
function standIn(provider: ProviderName, before: Choice | undefined): Pick<Choice, 'standsIn'> {
  if (provider !== 'embedded' || before === undefined) return {};
  const wasReal = before.provider === 'docker' || before.provider === 'external';
  return wasReal || before.standsIn === true ? { standsIn: true } : {};
}

/** What provided it until it was stopped goes first: its data is there. */
function preferred(
  order: readonly ProviderName[],
  before: Pick<Choice, 'provider'> | undefined,
): readonly ProviderName[] {
  const provider = before?.provider;
  if (provider === undefined || provider === 'external' || !order.includes(provider)) return order;
  const adopting = order.filter((name) => name === 'external');
  return [...adopting, provider, ...order.filter((name) => name !== 'external' && name !== provider)];
}

function unavailable({ strategy }: Question, forced: ProviderName | undefined): string {
  if (forced === 'external') return 'it is to be adopted, but cannot be';
  if (forced !== undefined) return `it is to be provided by ${forced}, which is not possible here`;
  return strategy === undefined
    ? 'nothing on this machine can provide it'
    : `strategy ${strategy} cannot provide it here`;
}

function forcedProvider({ placement }: Question, resource: Resource): ProviderName | undefined {
  return placement.providers?.get(resource.name) ?? resource.provider;
}

/** Why the services do not run in containers; `undefined` when they do. */
async function whyNotInside(
  context: Context,
  question: Question,
  others: readonly Choice[],
  gateways: readonly Resource[],
): Promise<string | undefined> {
  const { stack, present, strategy } = question;
  const own = 'services run on this machine itself';
  if (strategy === 'fallback' || strategy === 'hybrid') return `${own} with strategy ${strategy}`;
  if (strategy === undefined) {
    const running = (names: readonly string[]) =>
      present.processes.some((process) => isSupervised(process) && names.includes(process.name));
    if (running(stack.services.flatMap(instancesOf).map(({ name }) => name))) return RUNS_ALREADY;
    if (others.length === 0 || others.some(({ provider }) => provider !== 'docker'))
      return `${own} unless all resources run in Docker`;
    for (const gateway of gateways) {
      const forced = forcedProvider(question, gateway);
      if (forced !== undefined && forced !== 'docker') return `${own} unless all resources run in Docker`;
      const taken = portConflicts(resourcePorts(gateway), question.sockets);
      if (runningProvider(present, gateway.name) === undefined && taken.length > 0)
        return `${own} unless all resources run in Docker`;
      const offer = await question.registry.docker.offer(context, stack, gateway);
      if (!offer.available) return `${own} unless all resources run in Docker`;
    }
  }
  const declared = await composeServices(stack);
  for (const service of stack.services) {
    if (service.url !== undefined) {
      if (LOOPBACK.test(new URL(service.url).hostname))
        return `${service.name}, which runs already, could not be reached from a container`;
      continue;
    }
    if (!declared.has(service.name)) return `${stack.composeFile} has no service named ${service.name}`;
    const outside = outsideOf(stack, service, others);
    if (outside !== undefined) return `${service.name} could not reach ${outside} from a container`;
  }
  return undefined;
}

/** A resource that the service needs and that listens on this machine's loopback only. */
function outsideOf(stack: Stack, service: Service, others: readonly Choice[]): string | undefined {
  return others.find(({ resource, provider }) => {
    if (!service.dependsOn.includes(resource) || provider === 'docker') return false;
    const host = stack.resources.find(({ name }) => name === resource)?.endpoint.host ?? '';
    return provider !== 'external' || LOOPBACK.test(host);
  })?.resource;
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/;

/** The sockets that are not ours: what runs of the stack goes on, or ends before anything is started in its place. */
async function foreignSockets(
  context: Pick<Context, 'host'>,
  { processes, containers }: RunningParts,
): Promise<ListeningSocket[]> {
  const pids = new Set(processes.flatMap(({ pid }) => pid ?? []));
  const published = new Set(containers.filter(isAlive).flatMap(({ ports }) => ports));
  const held = new Set(processes.filter(isSupervised).flatMap(({ ports }) => ports));
  return (await context.host.listeningSockets()).filter(
    ({ pid, port }) => !(pid !== undefined && pids.has(pid)) && !published.has(port) && !held.has(port),
  );
}

function resourcePorts(resource: Resource): WantedPort[] {
  return Object.entries(resource.ports).map(([role, port]) => ({
    port,
    owner: role === 'main' ? resource.name : `${resource.name}, ${role}`,
  }));
}

function runByHand(
  service: Service,
  byHand: readonly ByHand[],
  reason: string,
): Pick<ServiceChoice, 'reason' | 'byHand'> {
  const names = instancesOf(service).map(({ name }) => name);
  const own = byHand.filter(({ instance }) => names.includes(instance));
  if (own.length === 0) return { reason };
  const pids = own.map(({ pid }) => pid).join(', ');
  return { reason: `run by hand (pid ${pids}), and left alone`, byHand: own };
}

/** What runs by hand holds its own port; in a container it would be in the way. */
function serviceConflicts({ stack, sockets }: Question, choices: readonly ServiceChoice[]): PortConflict[] {
  const own = new Set(choices.flatMap(({ byHand = [] }) => byHand.map(({ instance }) => instance)));
  const wanted = ownInstances(stack.services)
    .filter(({ name }) => !own.has(name))
    .flatMap(({ name, port, ports }) => [
      ...(port === undefined ? [] : [{ port, owner: name }]),
      ...Object.entries(ports).map(([called, each]) => ({ port: each, owner: `${name}, ${called}` })),
    ]);
  return portConflicts(wanted, sockets);
}

function checkOptions(stack: Stack, placement: PlacementOptions): void {
  for (const [name, provider] of placement.providers ?? []) {
    const resource = stack.resources.find((known) => known.name === name);
    if (resource?.provider === 'external' && provider !== 'external') {
      throw new QbtcError(
        'PROVIDER_IMPOSSIBLE',
        `${name} is declared external in ${stack.file}: ${provider} would not listen at its url`,
        { exit: EXIT.usage, hint: `take "provider: external" and its url out of ${stack.file}` },
      );
    }
  }
  if (placement.strategy === undefined || placement.strategy === 'hybrid') return;
  const adopted = [
    ...stack.resources.filter(({ provider }) => provider === 'external'),
    ...stack.services.filter(({ url }) => url !== undefined),
  ].map(({ name }) => name);
  if (placement.strategy === 'fallback' && adopted.length > 0) {
    throw new QbtcError(
      'PROVIDER_IMPOSSIBLE',
      `strategy fallback adopts nothing, but ${adopted.join(', ')} is declared as running already in ${stack.file}`,
      { exit: EXIT.usage, hint: 'use --strategy hybrid, or none' },
    );
  }
}
