import type { PartPort, Stack } from '../model/stack.ts';
import { instancesOf } from '../services/index.ts';

/** Every port that the stack listens on, and who does. */
export function portsOf(stack: Stack): PartPort[] {
  return [
    ...stack.resources.flatMap(({ name, ports }) =>
      Object.entries(ports).map(([role, port]) => ({ name, role, port })),
    ),
    ...stack.services.flatMap(instancesOf).map(({ name, port }) => ({ name, role: 'http', port })),
  ];
}
