import { isRecord } from '../record.ts';
import type { StackDocument } from './document.ts';
import { interpolate, type Values } from './interpolate.ts';

/**
 * Services that are left out because what they stand in for is there: those whose `stands_in_for` names something. What is
 * wrong with the field is told where the services are filled in.
 */
export function leftOutServices(
  services: unknown,
  values: Values,
  document: Pick<StackDocument, 'keyAt' | 'within'>,
): Set<string> {
  const named = Object.entries(isRecord(services) ? services : {});
  return new Set(
    named.flatMap(([name, service]) => {
      const declared = isRecord(service) ? service.stands_in_for : undefined;
      const path = ['services', name, 'stands_in_for'];
      const mistakes: never[] = [];
      const stood = interpolate(declared, path, values, document, mistakes);
      return typeof stood === 'string' && stood !== '' && mistakes.length === 0 ? [name] : [];
    }),
  );
}

/** The services without those, and nobody depends on them. */
export function withoutServices(services: unknown, leftOut: ReadonlySet<string>): unknown {
  if (!isRecord(services) || leftOut.size === 0) return services;
  return Object.fromEntries(
    Object.entries(services)
      .filter(([name]) => !leftOut.has(name))
      .map(([name, service]) => {
        if (!isRecord(service) || !Array.isArray(service.depends_on)) return [name, service];
        return [
          name,
          { ...service, depends_on: service.depends_on.filter((needed) => !leftOut.has(needed)) },
        ];
      }),
  );
}
