import type { Seen } from '../../model/adoption.ts';
import type { Draft, DraftService, Field } from './draft.ts';

/**
 * Puts what services did when they were started over what was only likely: their ports, and the paths that answered. What
 * a file says of readiness stays. A service that did not stay is told as an obstacle.
 */
export function applySeen(
  { services, obstacles }: Pick<Draft, 'services' | 'obstacles'>,
  seen: readonly Seen[],
): void {
  for (const service of services) {
    const found = seen.find((each) => each.service === service.name.value);
    if (found === undefined) continue;
    if (found.ended === undefined) {
      applyPort(service, found, obstacles);
      applyPaths(service, found);
      continue;
    }
    obstacles.push({
      code: 'does-not-stay',
      at: service.command.at,
      of: service.name.value,
      found: found.ended,
      fix: `qbtc up, then qbtc logs ${service.name.value}`,
    });
  }
}

function applyPort(service: DraftService, { ports, http }: Seen, obstacles: Draft['obstacles']): void {
  const port = http?.port ?? ports[0];
  const drafted = service.port?.value;
  if (port === undefined || port === drafted || (drafted !== undefined && ports.includes(drafted))) return;
  if (drafted !== undefined)
    obstacles.push({
      code: 'port-in-code',
      at: service.port?.at ?? service.command.at,
      of: service.name.value,
      found: `port ${port}, whatever PORT says`,
      fix: 'read it from the variable PORT; until then it has one replica and no port base',
    });
  service.port = fieldOf(service, port);
  if (drafted === undefined && service.health === undefined) service.health = fieldOf(service, { tcp: true });
}

function applyPaths(service: DraftService, { http }: Seen): void {
  if (http === undefined || service.port === undefined) return;
  const { health, top, metrics } = http;
  if (metrics !== undefined) service.metrics = fieldOf(service, metrics);
  const isSaid = service.health !== undefined && service.health.guess === undefined;
  if (health !== undefined && !isSaid) service.health = fieldOf(service, { path: health });
  if (service.firstRequest !== undefined && service.firstRequest.guess === undefined) return;
  if (health !== undefined) service.firstRequest = fieldOf(service, health);
  // What `/` answers is no promise, but it is served.
  else service.firstRequest = { ...fieldOf(service, '/'), ...(top < 400 ? {} : { guess: true }) };
}

function fieldOf<T>({ command }: DraftService, value: T): Field<T> {
  return { value, at: command.at, seen: true };
}
