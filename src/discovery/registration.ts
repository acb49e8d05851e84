import { literalPattern } from '../literal-pattern.ts';
import type { FoundInstance, FoundService, RegisteredService } from '../model/discovery.ts';
import type { ApisixPlugins } from '../model/gateway.ts';
import type { Stack } from '../model/stack.ts';
import { reachable } from './addresses.ts';
import { defaultRoute } from './group.ts';
import { registrationId } from './paths.ts';

/** Who may bring an instance in: what only looks like the service gets none of its requests. */
const VOUCHERS = ['docker', 'bus', 'registry'] as const;

/** Without those of which nothing is left that could come back by itself. */
export function withoutStopped(services: readonly FoundService[]): FoundService[] {
  return services.filter(({ instances }) =>
    instances.some(({ condition }) => condition !== 'stopped' && condition !== 'absent'),
  );
}

/** The services that discovery registers: those in no file that have a route. */
export function registrationsOf(
  services: readonly FoundService[],
  stack: Stack,
  isIn: (service: FoundService, instance: FoundInstance) => boolean = (_, { condition }) =>
    condition === 'healthy',
): RegisteredService[] {
  return services
    .filter(({ route }) => route !== undefined && route.from !== 'declared')
    .map((service) => registrationOf(service, stack, isIn));
}

/**
 * Gives a route to services that nobody has brought in, as somebody has named them; a declared one without routes gets
 * one, too. The others stay as they are.
 */
export function including(
  services: readonly FoundService[],
  names: readonly string[],
  stack: Stack,
): FoundService[] {
  return services.map((service) => {
    const isWanted = names.includes(service.name) && service.route === undefined;
    const hasAddress = service.instances.some(({ address }) => address !== undefined);
    const mayHave =
      hasAddress &&
      (service.origin === 'guessed' || (service.origin === 'declared' && isUndeclared(service, stack)));
    return isWanted && mayHave
      ? { ...service, route: defaultRoute(service.name, undefined, stack.discovery.path), unrouted: '' }
      : service;
  });
}

function isUndeclared({ name }: FoundService, stack: Stack): boolean {
  return stack.services.find((service) => service.name === name)?.routes.length === 0;
}

function registrationOf(
  service: FoundService,
  stack: Stack,
  isIn: (service: FoundService, instance: FoundInstance) => boolean,
): RegisteredService {
  const { name, route, health } = service;
  const nodes = service.instances.flatMap((instance) => {
    const vouched =
      service.origin === 'guessed' ||
      instance.evidence.some(({ source }) => source === 'stack' || VOUCHERS.some((each) => each === source));
    if (!vouched || instance.address === undefined || !isIn(service, instance)) return [];
    return [{ ...reachable(instance.address), weight: instance.weight }];
  });
  const plugins: ApisixPlugins = { ...stack.discovery.plugins, ...service.plugins };
  const prefix = route?.uris[0] ?? '';
  // The service does not know the path that we made up for it.
  if (route?.from === 'default' && plugins['proxy-rewrite'] === undefined)
    plugins['proxy-rewrite'] = { regex_uri: [`^${literalPattern(prefix)}/?(.*)$`, '/$1'] };
  const voucher = VOUCHERS.find((source) => service.sources.includes(source)) ?? 'named';
  return { id: registrationId(name, stack), voucher, name, uris: route?.uris ?? [], plugins, health, nodes };
}
