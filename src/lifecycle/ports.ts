import type { ReadinessKind } from '../model/readiness.ts';
import type { PartPort, Stack } from '../model/stack.ts';
import { ownInstances } from '../services/index.ts';

/** What is spoken at the port of a service, as far as its readiness tells. */
const ROLES: Partial<Record<ReadinessKind, string>> = { http: 'http', grpc: 'grpc' };

/** Every port that the stack listens on, and who does. */
export function portsOf(stack: Stack): PartPort[] {
  return [
    ...stack.resources.flatMap(({ name, ports }) =>
      Object.entries(ports).map(([role, port]) => ({ name, role, port })),
    ),
    ...ownInstances(stack.services).flatMap(({ name, port, ports, service }) => [
      ...(port === undefined ? [] : [{ name, role: ROLES[service.health.kind] ?? 'main', port }]),
      ...Object.entries(ports).map(([role, each]) => ({ name, role, port: each })),
    ]),
  ];
}
