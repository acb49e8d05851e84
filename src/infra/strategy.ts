import type { Context } from '../context.ts';
import { QbtcError } from '../errors.ts';
import type { ListeningSocket } from '../model/observation.ts';
import type { ProviderName, Resource, Strategy } from '../model/resource.ts';
import type { Stack } from '../model/stack.ts';
import { describeConflict, type PortConflict, portConflicts, type WantedPort } from './ports.ts';
import type { Provider } from './provider.ts';
import { embedded } from './providers/embedded/index.ts';
import { external } from './providers/external.ts';
import { instancesOf } from './service.ts';

/** The providers that are there today; `docker` and `native` will stand beside them. */
export const providers = { embedded, external } satisfies Partial<Record<ProviderName, Provider>>;

export type AvailableProvider = keyof typeof providers;

/** Who provides a resource, why, and what is lost by it. */
export interface Choice {
  resource: string;
  provider: AvailableProvider;
  reason: string;
  loss: string;
}

export interface InfrastructurePlan {
  strategy: Strategy;
  choices: Choice[];
}

/**
 * Decides resource by resource, and says why. Looks only; every port that stands in the way is told at once.
 * `running` names the processes that our supervisor runs and goes on running; `leaving` are the pids of those that end
 * before anything is started: neither stands in the way.
 */
export async function chooseProviders(
  context: Context,
  stack: Stack,
  running: ReadonlySet<string>,
  leaving: ReadonlySet<number> = new Set(),
): Promise<InfrastructurePlan> {
  const sockets = (await context.host.listeningSockets()).filter(
    ({ pid }) => pid === undefined || !leaving.has(pid),
  );
  const conflicts: PortConflict[] = portConflicts(servicePorts(stack, running), sockets);
  const choices = await Promise.all(
    stack.resources.map(async (resource) => {
      const choice = await choose(context, stack, resource, running, sockets);
      if (!Array.isArray(choice)) return [choice];
      conflicts.push(...choice);
      return [];
    }),
  );
  if (conflicts.length > 0) {
    throw new QbtcError('PORT_TAKEN', 'not all ports of the stack are free', {
      details: conflicts.map(describeConflict),
      hint: 'end the process, or give the stack other ports: set ports.base in qbtc.yaml (2000, 3000, …)',
    });
  }
  const decided = choices.flat();
  return { strategy: nameStrategy(decided), choices: decided };
}

/** What the whole is called, by the table of the design: no Docker is asked for yet, so it is never `full_docker`. */
export function nameStrategy(choices: readonly { provider: string }[]): Strategy {
  return choices.some(({ provider }) => provider === 'external') ? 'hybrid' : 'fallback';
}

async function choose(
  context: Context,
  stack: Stack,
  resource: Resource,
  running: ReadonlySet<string>,
  sockets: readonly ListeningSocket[],
): Promise<Choice | PortConflict[]> {
  const forced = resource.provider;
  if (forced !== undefined) {
    const provider: Provider | undefined = Object.entries(providers).find(([name]) => name === forced)?.[1];
    if (provider === undefined) {
      throw new QbtcError('PROVIDER_MISSING', `${resource.name}: this qbtc has no provider named ${forced}`, {
        hint: `use one of: ${Object.keys(providers).join(', ')}`,
      });
    }
  }
  if (running.has(resource.name) && forced !== 'external') {
    const offer = await embedded.offer(context, stack, resource);
    return {
      resource: resource.name,
      provider: 'embedded',
      reason: 'runs already',
      loss: offer.available ? offer.loss : '',
    };
  }
  const taken = portConflicts(resourcePorts(resource), sockets);
  if (forced === 'external' || (forced === undefined && taken.length > 0)) {
    const offer = await external.offer(context, stack, resource);
    if (offer.available) {
      return { resource: resource.name, provider: 'external', reason: offer.reason, loss: offer.loss };
    }
    if (forced === undefined) return taken;
    throw new QbtcError(
      'RESOURCE_UNAVAILABLE',
      `${resource.name} is declared external, but ${offer.reason}`,
      {
        hint: `start it, or mend its url in ${stack.file}`,
      },
    );
  }
  if (taken.length > 0) return taken;
  const offer = await embedded.offer(context, stack, resource);
  if (!offer.available) {
    throw new QbtcError('RESOURCE_UNAVAILABLE', `nothing can provide ${resource.name}: ${offer.reason}`, {
      hint: `run one yourself and declare it in ${stack.file}: provider: external, url: …`,
    });
  }
  return { resource: resource.name, provider: 'embedded', reason: offer.reason, loss: offer.loss };
}

function resourcePorts(resource: Resource): WantedPort[] {
  return Object.entries(resource.ports).map(([role, port]) => ({
    port,
    owner: role === 'main' ? resource.name : `${resource.name}, ${role}`,
  }));
}

function servicePorts(stack: Stack, running: ReadonlySet<string>): WantedPort[] {
  return stack.services
    .flatMap(instancesOf)
    .filter(({ name }) => !running.has(name))
    .map(({ name, port }) => ({ port, owner: name }));
}
