import { EXIT, QbtcError } from '../errors.ts';
import type { Stack } from '../model/stack.ts';
import { factsOf } from '../resources/facts.ts';
import { instancesOf } from '../services/index.ts';
import { chooseProcesses } from './named.ts';

/**
 * Where a browser sees a resource or service: a service, or one of its replicas, at its port; the gateway; the pages of a
 * broker. Without credentials.
 *
 * @throws QbtcError `NAME_UNKNOWN`; `NO_ADDRESS` for what no browser can show
 */
export function addressOfPart(stack: Stack, name: string): string {
  chooseProcesses(stack, [name]);
  const all = addressesOf(stack);
  const found = all.find((each) => each.names.includes(name));
  if (found !== undefined) return found.url;
  const others = all.flatMap(({ names }) => names.slice(0, 1));
  throw new QbtcError('NO_ADDRESS', `${name} has no address that a browser opens`, {
    exit: EXIT.usage,
    hint: others.length === 0 ? 'no part of this stack has one' : `these have one: ${others.join(', ')}`,
  });
}

function addressesOf(stack: Stack): { names: string[]; url: string }[] {
  const ofResources = stack.resources.flatMap(({ name, kind, endpoint }) => {
    const url = factsOf(kind).protocol === 'http' ? endpoint.url : endpoint.managementUrl;
    return url === undefined ? [] : [{ names: [name], url }];
  });
  const ofServices = stack.services
    .filter(({ health }) => health.kind !== 'grpc')
    .flatMap((service) =>
      instancesOf(service).flatMap(({ name, url }, index) =>
        url === undefined ? [] : [{ names: index === 0 ? [service.name, name] : [name], url }],
      ),
    );
  return [...ofResources, ...ofServices];
}
